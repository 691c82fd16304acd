"""The pages, made of templates in which whatever comes from a person is escaped."""

from typing import Any

from starlette.responses import HTMLResponse

from likeness.applications.counted import counted
from likeness.runs.report.page import escaping_environment

_ENVIRONMENT = escaping_environment("likeness.applications.serve")
_ENVIRONMENT.filters["counted"] = counted
_ENVIRONMENT.filters["percent"] = lambda share: f"{100 * share:.3g}%"


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The answer that a template makes of `values`."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(values), status)
