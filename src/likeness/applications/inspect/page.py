"""The page: one file with all its pictures in it, in the look of a report."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from likeness.applications.inspect.explained import ExplainedPair
from likeness.applications.inspect.pictures import Picture
from likeness.applications.inspect.ranking import Ranking
from likeness.applications.inspect.shown import ShownLayer, ShownUnit
from likeness.applications.inspect.subject import Subject
from likeness.inspection import ReceptiveField
from likeness.runs.record.folder import write_text
from likeness.runs.report.page import escaping_environment

FEW = 40  # dead units that are named


class Inside(NamedTuple):
    """All that the page tells."""

    subject: Subject
    ranking: Ranking
    fields: Mapping[str, ReceptiveField | None]
    layers: Sequence[ShownLayer]
    pairs: Sequence[ExplainedPair]


def write_page(path: Path, inside: Inside) -> None:
    """Write the page; it asks for nothing outside itself.

    Raises:
        LikenessError: the disk is full.
    """
    environment = escaping_environment("likeness.applications.inspect", "likeness.runs.report")
    subject, ranking = inside.subject, inside.ranking
    rows = [_row(inside, place, name) for place, name in enumerate(subject.layers)]
    seen = f"{ranking.seen:,}" + (f", and {bad} unreadable" if (bad := len(ranking.unreadable)) else "")
    units = sum(subject.network.layers[name].channels for name in subject.layers)
    dead = sum(len(_dead(inside, name)) for name in subject.layers)
    values = {
        "title": f"Inside {subject.title}",
        "status": "finished",
        "facts": {
            "inputs seen": seen,
            "of": " × ".join(map(str, subject.network.sides)),
            "layers": f"{len(subject.layers)}, of which {len(inside.layers)} are shown",
            "units": f"{units:,}, of which {dead:,} are dead",
            "weights": subject.weights[:12],
        },
        "rows": rows,
        "layers": [_layer(inside, layer) for layer in inside.layers],
        "rank": len(subject.network.sides),
        "top": subject.config.top,
        "steps": subject.config.optimised,
        "pairs": [_pair(pair) for pair in inside.pairs],
        "unit_of_distance": subject.unit,
    }
    write_text(path, environment.get_template("inside.html").render(values))


def _dead(inside: Inside, name: str) -> list[int]:
    rectified = inside.subject.network.layers[name].rectified
    return inside.ranking.strongest[name].dead(rectified=rectified)


def _row(inside: Inside, place: int, name: str) -> dict[str, object]:
    layer, field = inside.subject.network.layers[name], inside.fields[name]
    dead = _dead(inside, name)
    return {
        "number": place + 1,
        "name": name,
        "shown": any(one.name == name for one in inside.layers),
        "units": layer.channels,
        "dead": len(dead),
        "dead_units": ", ".join(map(str, dead[:FEW]))
        + (f" and {len(dead) - FEW} more" if len(dead) > FEW else ""),
        "map": _by(layer.sides),
        "field": "the whole input" if field is None else _by(field.size),
        "stride": "" if field is None else _by(field.stride),
    }


def _layer(inside: Inside, shown: ShownLayer) -> dict[str, object]:
    place = inside.subject.layers.index(shown.name)
    patches = [patch for unit in shown.units for patch in unit.patches]
    return {
        **_row(inside, place, shown.name),
        "exact": sum(patch.exact for patch in patches),
        "patches": len(patches),
        "shown_units": [_unit(unit) for unit in shown.units],
    }


def _unit(unit: ShownUnit) -> dict[str, object]:
    return {
        "number": unit.unit,
        "strongest": f"{unit.patches[0].value:.3g}",
        "weakest": f"{unit.patches[-1].value:.3g}",
        "parts": _address(unit.parts),
        "inputs": _address(unit.inputs),
        "optimised": None if unit.optimised is None else _address(unit.optimised),
    }


def _pair(pair: ExplainedPair) -> dict[str, object]:
    return {
        "same": pair.same,
        "distance": f"{pair.distance:.4g}",
        "names": " and ".join(pair.names),
        "picture": _address(pair.picture),
    }


def _by(lengths: Sequence[int]) -> str:
    return " × ".join(map(str, lengths))


def _address(picture: Picture) -> str:
    """A picture as a `data:` address."""
    content = BytesIO()
    Image.fromarray(picture).save(content, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(content.getvalue()).decode()
