"""What the training of points leaves behind: numbers and figures of faces that were not trained on."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from likeness.config.schema.landmarks import LandmarksConfig
from likeness.data.readable_scenes import ReadableScenes
from likeness.errors import LikenessError
from likeness.evaluation.detection import cumulative_errors, evaluate_points
from likeness.evaluation.figures import (
    Curve,
    DetectedImage,
    cumulative_error_figure,
    curves_figure,
    detected_figure,
)
from likeness.models.detectors.mtcnn_networks import OutputNetwork
from likeness.models.detectors.mtcnn_stages import points_in
from likeness.recipes.detection.inputs import ReadableSplits
from likeness.recipes.landmarks.build import trained_network
from likeness.recipes.landmarks.family import LANDMARKS
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.past import TRAINED
from likeness.runs.record.recording import Recording
from likeness.runs.record.unreadable import noted_unreadable
from likeness.runs.table import print_table, write_results_file
from likeness.runs.training.devices import device_of
from likeness.runs.training.monitors import CURVES as MONITORED
from likeness.tasks.detection.landmarks_task import landmark_errors_of, measurable

SHOWN = 9
"""So many of the first images are drawn."""
LIMITS = tuple(step / 200 for step in range(61))
"""Errors, in parts of the distance of the eyes, at which the share of faces is drawn."""
CURVES = {"loss": "train/loss", "error": "validation/nme", **MONITORED}


def conclude(run: Recording, config: LandmarksConfig, splits: ReadableSplits) -> None:
    """Measure the trained network on the test images, and leave results and figures."""
    evaluation = config.evaluation
    network = trained_network(config, run.folder).to(device_of(config.trainer.accelerator))
    errors, image = errors_in(network, splits.test)
    measured = evaluate_points(errors, image, limit=evaluation.limit, resamples=evaluation.resamples)
    metrics = {TRAINED: measured}
    run.outcome["unreadable_images"] = sorted({*noted_unreadable(run.folder), *splits.test.unreadable})
    write_results_file(run.folder, metrics)
    shares = cumulative_errors(errors, image, LIMITS, resamples=evaluation.resamples)
    figures = {
        "landmarks": cumulative_error_figure({config.name: shares}, failure=evaluation.limit),
        "placed": placed_figure(network, splits.test, np.unique(image)[:SHOWN]),
        **_training(run.folder),
    }
    for name, figure in figures.items():
        figure.savefig(run.folder / "figures" / f"{name}.png")
    print_table(f"Points of {len(errors)} faces that were not trained on", metrics, LANDMARKS.presentation)


def errors_in(
    network: OutputNetwork, scenes: ReadableScenes
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The error `[N]` of each face of five known points in the images that can be read, and the image of each.

    Raises:
        LikenessError: there is no such face.
    """
    errors = []
    for index in range(len(scenes)):
        scene = scenes.load_or_none(index)
        errors.append(np.zeros(0) if scene is None else landmark_errors_of(network, scene))
    every = np.concatenate(errors)
    if not len(every):
        raise LikenessError(
            f"None of the {len(scenes)} images to test on, such as {scenes.name(0)}, can be read and has a face with "
            "five known points: take others."
        )
    return every, np.repeat(np.arange(len(errors)), [len(each) for each in errors])


def placed_figure(network: OutputNetwork, scenes: ReadableScenes, places: NDArray[np.int64]) -> Figure:
    """The images at `places`, with the points that the network sees in the annotated boxes."""
    shown = {scenes.name(int(place)): _shown(network, scenes, int(place)) for place in places}
    return detected_figure(list(shown.values()), titles=list(shown))


def _shown(network: OutputNetwork, scenes: ReadableScenes, place: int) -> DetectedImage:
    scene = scenes.load_good(place)
    boxes = scene.faces.boxes[measurable(scene.faces)]
    return DetectedImage(
        scene.image.permute(1, 2, 0).numpy(),
        boxes.numpy(),
        np.ones(len(boxes)),
        points_in(network, scene.image, boxes).numpy(),
        faces=boxes.numpy(),
        ignored=np.zeros(len(boxes), np.bool_),
    )


def _training(folder: Path) -> dict[str, Figure]:
    logged = logged_curves(folder)
    panels = {name: {name: Curve(*logged[key])} for name, key in CURVES.items() if key in logged}
    return {"training": curves_figure(panels)} if panels else {}
