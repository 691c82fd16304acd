"""Pages from templates, in which whatever comes from a record is escaped, and figures to put into them."""

import base64
import re
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from likeness.runs.recipe import Presentation
from likeness.runs.record.measured import recorded_interval


class ShownFigure(NamedTuple):
    """A figure as a `data:` address, with what to write below it; one much wider than high goes across the page."""

    source: str
    caption: str
    across: bool


def escaping_environment(*packages: str) -> Environment:
    """The templates of packages, of one name the first; every value is escaped, and a missing one is an error."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, values: Mapping[str, Any], presentation: Presentation) -> str:
    """The page that a template makes of `values`."""
    environment = escaping_environment("likeness.runs.report")
    environment.globals |= {
        "written": presentation.written,
        "written_interval": presentation.written_interval,
        "recorded_interval": recorded_interval,
    }
    return environment.get_template(template).render(values)


def shown_figures(figures: Mapping[str, bytes], captions: Mapping[str, str]) -> list[ShownFigure]:
    """PNG figures, by their names, those that have a caption first, in its order; what is no PNG is left out."""
    order = [*captions, *sorted(figures.keys() - captions.keys())]
    return [_shown(name, figures[name], captions) for name in order if _is_png(figures.get(name, b""))]


def _is_png(content: bytes) -> bool:
    return content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) > 24


def _shown(name: str, content: bytes, captions: Mapping[str, str]) -> ShownFigure:
    width, height = struct.unpack(">II", content[16:24])  # of a PNG's first chunk
    address = "data:image/png;base64," + base64.b64encode(content).decode()
    caption = captions.get(name) or re.sub(r"[_-]+", " ", name)
    return ShownFigure(address, caption, width > 2 * height)
