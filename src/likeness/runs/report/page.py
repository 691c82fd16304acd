"""Pages from templates, in which whatever comes from a record is escaped, and figures to put into them."""

import base64
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from likeness.runs.table import written, written_interval

CAPTIONS = {
    "sheet": "Content, style and generated image, and how the costs went",
    "training": "How the training went: faint as logged, strong the running median",
    "roc": "Receiver operating characteristic on the test people",
    "distances": "Distances of the test pairs, and the threshold that judges them best",
    "one_shot": "Which groups' classes are recognised from one picture",
    "calibration": "How often pairs of a given probability are of one person",
    "embedding_map": "A map of the encodings of the people with most pictures",
    "hardest_pairs": "The test pairs that the encoding gets most wrong",
    "parallel_coordinates": "What each trial chose and reached",
}


class Picture(NamedTuple):
    """A figure as a `data:` address, with what to write below it; one much wider than high goes across the page."""

    source: str
    caption: str
    across: bool


def page(template: str, values: Mapping[str, Any]) -> str:
    """The page that a template makes of `values`."""
    environment = Environment(
        loader=PackageLoader("likeness.runs.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"written": written, "written_interval": written_interval}
    return environment.get_template(template).render(values)


def pictures(figures: Path) -> list[Picture]:
    """The PNG figures in a folder, the well-known ones first."""
    order = [*CAPTIONS, *sorted(path.stem for path in figures.glob("*.png") if path.stem not in CAPTIONS)]
    return [_picture(path) for name in order if (path := figures / f"{name}.png").is_file()]


def _picture(path: Path) -> Picture:
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # of a PNG's first chunk
    address = "data:image/png;base64," + base64.b64encode(content).decode()
    return Picture(address, CAPTIONS.get(path.stem) or re.sub(r"[_-]+", " ", path.stem), width > 2 * height)
