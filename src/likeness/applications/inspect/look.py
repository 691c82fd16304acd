"""Look into a network: rank, measure, draw, and write one page."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from likeness.applications.inspect.explained import explained_pairs
from likeness.applications.inspect.page import Inside, write_page
from likeness.applications.inspect.ranking import Ranking, ranked
from likeness.applications.inspect.shown import shown_layers
from likeness.applications.inspect.subject import Subject, subject_of
from likeness.data.stored_encodings import fingerprint_of
from likeness.inspection import ReceptiveField, receptive_fields
from likeness.runs.record.folder import make_folder, write_json, write_text
from likeness.runs.record.lock import locked

FACTS, UNITS, PAGE = "inspection.json", "strongest.csv", "inside.html"


def inspect(named: str, overrides: Sequence[str], trust: Sequence[str]) -> Path:
    """Write the page of what a network's layers look for; returns its folder.

    The folder is that of the network, the data and the layers: the same command finds it again, goes on where an
    earlier one was killed, and draws the page anew without another pass where all images were seen.

    Raises:
        LikenessError: what a user can mend.
    """
    subject = subject_of(named, overrides, trust)
    config = subject.config
    folder = Path(config.runs_dir, config.name, _key(subject))
    make_folder(folder, "runs_dir")
    with locked(folder):
        ranking = ranked(subject, folder)
        fields = receptive_fields(subject.network, subject.layers)
        write_json(folder / FACTS, _facts(subject, ranking, fields))
        write_text(folder / UNITS, _units(subject, ranking))
        layers = shown_layers(subject, ranking, fields)
        inside = Inside(subject, ranking, fields, layers, explained_pairs(subject, ranking.unreadable))
        write_page(folder / PAGE, inside)
    return folder


def _key(subject: Subject) -> str:
    """A name for all that decides which inputs are the strongest."""
    config = subject.config
    decides = {
        "weights": subject.weights,
        "backbone": {**config.backbone.plain(), "weights": None},
        "data": fingerprint_of(subject.images),
        "layers": subject.layers,
        "top": config.top,
        "batch_size": config.batch_size,
    }
    return sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _facts(
    subject: Subject, ranking: Ranking, fields: Mapping[str, ReceptiveField | None]
) -> dict[str, object]:
    """What a reader of the page may want to compute with."""
    layers = {}
    for name in subject.layers:
        layer, field = subject.network.layers[name], fields[name]
        layers[name] = {
            "units": layer.channels,
            "map": list(layer.sides),
            "receptive_field": None if field is None else {k: list(v) for k, v in field._asdict().items()},
            "dead": ranking.strongest[name].dead(rectified=layer.rectified),
        }
    return {
        "network": subject.title,
        "weights_sha256": subject.weights,
        "data": subject.images.fingerprint(),
        "images": {
            "seen": ranking.seen,
            "unreadable": [subject.images.name(at) for at in ranking.unreadable],
        },
        "torch": torch.__version__,
        "config": subject.config.plain(),
        "layers": layers,
    }


def _units(subject: Subject, ranking: Ranking) -> str:
    """The strongest inputs of every unit of every layer, a line each."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["layer", "unit", "rank", "index", "input", "value", "position"])
    for name in subject.layers:
        sides = subject.network.layers[name].sides
        value, index, position, _ = ranking.strongest[name].arrays()
        places = np.stack(np.unravel_index(position, sides), axis=-1)
        for unit, rank in np.argwhere(index >= 0):
            at = int(index[unit, rank])
            where = " ".join(map(str, places[unit, rank]))
            said = f"{value[unit, rank]:.7g}"
            rows.writerow([name, unit, rank + 1, at, subject.images.name(at), said, where])
    return text.getvalue()
