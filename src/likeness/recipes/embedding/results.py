"""What a run leaves behind of its measurements: results.json, the figures, and a table."""

import csv
import io
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from likeness.errors import LikenessError, mend_of
from likeness.evaluation import best_threshold
from likeness.evaluation.figures import (
    Curve,
    curves_figure,
    distance_figure,
    embedding_figure,
    hardest_figure,
    one_shot_figure,
    reliability_figure,
    roc_figure,
)
from likeness.evaluation.roc import roc, tar_at_far
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.embedding.measure import Measured, TestData
from likeness.runs.record.folder import ROC, write_text
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.recording import Recording
from likeness.runs.record.unreadable import noted_unreadable
from likeness.runs.table import print_table, write_results_file
from likeness.runs.training.monitors import CURVES as MONITORED

log = logging.getLogger("likeness")

RATES = 200
IDENTITIES_ON_MAP = 12
PANELS = {
    "loss": {"loss": "train/loss"},
    "active": {"active": "train/active"},
    "right at probability 1/2": {"accuracy": "train/accuracy"},
    "probability": {"positives": "train/positive_probability", "negatives": "train/negative_probability"},
    "distance": {"positives": "train/positive_distance", "negatives": "train/negative_distance"},
    "validation": {
        "accuracy": "validation/accuracy",
        "precision@1": "validation/precision@1",
        "one-shot": "validation/oneshot",
    },
    **{label: {label: metric} for label, metric in MONITORED.items()},
}
SHARES = ("active", "right at probability 1/2", "probability", "validation")


def write_results(folder: Path, measured: Measured, tested: TestData) -> None:
    """Write each encoder's metrics, at full precision, with sample sizes and 95% intervals; draw the figures.

    The first encoder is the one that the figures are about; the others stand beside it in the ROC.
    """
    write_results_file(folder, measured.metrics)
    write_text(folder / ROC, _roc_points(measured))
    encoder = next(iter(measured.embeddings))
    pairs, distance = measured.pairs, measured.distances[encoder]
    unit, threshold = measured.units[encoder], best_threshold(distance, pairs.same)
    shown = np.isin(measured.identity, _identities_with_most_images(measured.identity))

    def sample(pair: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rows = measured.samples[[pairs.first[pair], pairs.second[pair]]]
        first, second = (
            image.permute(1, 2, 0).squeeze(-1).numpy() for image in tested.samples.load(rows.tolist())
        )
        return first, second

    figures = {
        "roc": roc_figure({name: (values, pairs.same) for name, values in measured.distances.items()}),
        "distances": distance_figure(distance, pairs.same, threshold=threshold, unit=unit),
        "embedding_map": embedding_figure(measured.embeddings[encoder][shown], measured.identity[shown]),
    }
    if _are_images(tested):
        figures["hardest_pairs"] = hardest_figure(
            distance, pairs.same, sample, threshold=threshold, unit=unit
        )
    if encoder in measured.probabilities:
        figures["calibration"] = reliability_figure(measured.probabilities[encoder], pairs.same)
    grouping = tested.samples.grouping
    if grouping is not None and "within" in measured.one_shot:
        found = measured.one_shot["within"]
        groups = np.asarray(grouping.names)[found.cluster]
        figures["one_shot"] = one_shot_figure(found.scores, groups)
    if curves := _curves(folder):
        figures["training"] = curves_figure(curves)
    for name, figure in figures.items():
        figure.savefig(folder / "figures" / f"{name}.png")


def _are_images(tested: TestData) -> bool:
    """Whether the images can be shown: two axes, grey or in colour."""
    (image,) = tested.samples.load([0])
    return image.ndim == 3 and image.shape[0] in (1, 3)


def _roc_points(measured: Measured) -> str:
    """The ROC of each encoder as comma-separated text, at false accept rates that runs on equally many pairs share."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["encoder", "far", "tar"])
    for encoder, distance in measured.distances.items():
        curve = roc(distance, measured.pairs.same)
        for far in np.geomspace(1 / curve.negatives, 1, RATES).tolist():
            table.writerow([encoder, far, float(tar_at_far(curve, far))])
    return text.getvalue()


def _identities_with_most_images(identity: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.argsort(-np.bincount(identity), kind="stable")[:IDENTITIES_ON_MAP]


def _curves(folder: Path) -> dict[str, dict[str, Curve]]:
    """The panels of the training curves, of those metrics that were logged."""
    logged = logged_curves(folder)
    panels = {
        label: {name: Curve(*logged[key], label in SHARES) for name, key in curves.items() if key in logged}
        for label, curves in PANELS.items()
    }
    return {label: curves for label, curves in panels.items() if curves}


def conclude(run: Recording, measured: Measured, tested: TestData) -> None:
    """Write the results, and say them, with the images that could not be read.

    Raises:
        LikenessError: the disk is full.
    """
    names = sorted({*noted_unreadable(run.folder), *tested.samples.unreadable})
    run.outcome["unreadable_images"] = names
    try:
        write_results(run.folder, measured, tested)
    except OSError as error:
        raise LikenessError(
            f"The results can't be written to {run.folder} ({error.strerror}); {mend_of(error)} and run the same "
            "command again: it goes on from the last checkpoint."
        ) from error
    print_table("On the test identities: per cent [95% interval]", measured.metrics, EMBEDDING.presentation)
    if names:
        log.warning("%d images could not be read and were left out: %s", len(names), ", ".join(names[:10]))
