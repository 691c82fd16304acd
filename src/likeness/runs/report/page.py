"""Pages from templates, in which whatever comes from a record is escaped, and figures to put into them."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

CAPTIONS = {
    "training": "How the training went: faint as logged, strong the running median",
    "roc": "Receiver operating characteristic on the test people",
    "distances": "Distances of the test pairs, and the threshold that judges them best",
    "hardest_pairs": "The test pairs that the encoding gets most wrong",
    "embedding_map": "A map of the encodings of the people with most pictures",
    "parallel_coordinates": "What each trial chose and reached",
}


class Picture(NamedTuple):
    """A figure as a `data:` address, with what to write below it."""

    source: str
    caption: str


def page(template: str, values: Mapping[str, Any]) -> str:
    """The page that a template makes of `values`."""
    environment = Environment(
        loader=PackageLoader("likeness.runs.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "interval": interval}
    return environment.get_template(template).render(values)


def pictures(figures: Path) -> list[Picture]:
    """The PNG figures in a folder, the well-known ones first."""
    order = [*CAPTIONS]
    found = sorted(
        figures.glob("*.png"),
        key=lambda path: (path.stem not in CAPTIONS, _place(order, path.stem), path.stem),
    )
    return [Picture(_data_address(path), CAPTIONS.get(path.stem, _as_words(path.stem))) for path in found]


def percent(value: float | None) -> str:
    """A share in per cent."""
    return "too few to tell" if value is None else f"{100 * value:.2f}"


def interval(bounds: Iterable[float | None]) -> str:
    """A 95% interval of a share in per cent, or nothing where there is none."""
    low, high = bounds
    return "" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def _data_address(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _as_words(name: str) -> str:
    return re.sub(r"[_-]+", " ", name)
