"""Probe a network: encode, measure, draw, and write what each layer knows."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import torch

from likeness.applications.probe.encodings import INPUT
from likeness.applications.probe.measured import (
    LOGISTIC,
    NEAREST,
    RIDGE,
    SHUFFLED,
    UNTRAINED,
    Layer,
    Measured,
    measured,
)
from likeness.applications.probe.subject import Subject, subject_of
from likeness.evaluation.figures import KnownByLayer, layers_figure
from likeness.evaluation.metric import Metric
from likeness.runs.recipe import Presentation
from likeness.runs.record.folder import make_folder, write_json
from likeness.runs.record.lock import locked
from likeness.runs.record.measured import as_recorded
from likeness.runs.table import print_table
from likeness.runs.training.checkpoints import hash_of

FACTS, FIGURE = "probes.json", "layers.png"
CURVES = {
    RIDGE: "trained, ridge",
    UNTRAINED: "untrained, ridge",
    LOGISTIC: "trained, logistic",
    NEAREST: "trained, nearest",
}


def probe(named: str, overrides: Sequence[str], trust: Sequence[str]) -> Path:
    """Measure what each layer of a network knows; returns the folder of the numbers and the figure.

    Raises:
        LikenessError: what a user can mend.
    """
    subject = subject_of(named, overrides, trust)
    folder = Path(subject.config.runs_dir, subject.config.name, _key(subject))
    make_folder(folder, "runs_dir")
    with locked(folder):
        found = measured(subject)
        write_json(folder / FACTS, _facts(subject, found))
        layers_figure([known_by_layer(subject.title, found.layers)]).savefig(folder / FIGURE)
    title = (
        f"Recognised among {found.classes:,} classes, by {found.learned:,} samples: per cent [95% interval]"
    )
    print_table(title, _table(found.layers), Presentation(shares=("*",)))
    return folder


def known_by_layer(title: str, layers: Sequence[Layer]) -> KnownByLayer:
    """A panel of the figure."""
    first, *rest = layers
    curves = {
        shown: [layer.columns[column] for layer in rest]
        for column, shown in CURVES.items()
        if column in rest[0].columns
    }
    last = rest[-1].columns[SHUFFLED]
    return KnownByLayer(
        title, [layer.name for layer in rest], curves, {INPUT: first.columns[RIDGE], SHUFFLED: last}
    )


def _table(layers: Sequence[Layer]) -> dict[str, dict[str, Metric]]:
    """By column the metric of each layer."""
    known = {column for layer in layers for column in layer.columns}
    return {
        column: {f"layer/{layer.name}": layer.columns[column] for layer in layers if column in layer.columns}
        for column in (RIDGE, LOGISTIC, NEAREST, UNTRAINED, SHUFFLED)
        if column in known
    }


def _key(subject: Subject) -> str:
    """A name for all that decides the numbers."""
    decides = {
        "weights": subject.network.weights,
        "data": [images.fingerprint() for images in subject.images[:2]],
        "layers": subject.layers,
        "config": {**subject.config.plain(), "runs_dir": None, "loader": None},
    }
    return sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _facts(subject: Subject, found: Measured) -> dict[str, object]:
    images = subject.images
    return {
        "network": subject.title,
        "weights_sha256": subject.network.weights,
        "weights_sha256_afterwards": hash_of(subject.network.layered.network.state_dict()),
        "data": {"chosen_on": images.chosen_on.fingerprint(), "asked": images.asked.fingerprint()},
        "closed_set": images.closed_set,
        "classes": found.classes,
        "learned": found.learned,
        "asked": found.asked,
        "unreadable": found.unreadable,
        "torch": torch.__version__,
        "config": subject.config.plain(),
        "layers": [
            {
                "name": layer.name,
                "features": layer.features,
                "penalties": dict(layer.penalties),
                "recognised": {column: as_recorded(metric) for column, metric in layer.columns.items()},
            }
            for layer in found.layers
        ],
    }
