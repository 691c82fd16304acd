"""Pages from templates, in which whatever comes from a record is escaped, and figures to put into them."""

import base64
import re
import struct
from collections.abc import Mapping
from pathlib import Path
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


def shown_figures(figures: Path, captions: Mapping[str, str]) -> list[ShownFigure]:
    """The PNG figures in a folder, those that have a caption first, in its order."""
    order = [*captions, *sorted(path.stem for path in figures.glob("*.png") if path.stem not in captions)]
    return [_shown(path, captions) for name in order if (path := figures / f"{name}.png").is_file()]


def _shown(path: Path, captions: Mapping[str, str]) -> ShownFigure:
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # of a PNG's first chunk
    address = "data:image/png;base64," + base64.b64encode(content).decode()
    caption = captions.get(path.stem) or re.sub(r"[_-]+", " ", path.stem)
    return ShownFigure(address, caption, width > 2 * height)
