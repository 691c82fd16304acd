"""What a detector's run leaves behind: numbers and figures of what it finds in images it has not seen."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.config.make import told
from likeness.config.schema.detection import DetectionConfig, DetectionEvaluateConfig, DetectionEvaluation
from likeness.config.schema.scenes import SceneData, WiderFace
from likeness.data.annotated_faces import FaceList, wider_lists
from likeness.data.faces import Faces
from likeness.data.readable_scenes import ReadableScenes
from likeness.errors import LikenessError
from likeness.evaluation.detection import (
    FAILURE,
    columns,
    cumulative_errors,
    detection_metrics,
    evaluate_fddb,
    evaluate_points,
    evaluate_wider,
    face_heights,
    fddb_roc,
    landmark_errors,
    overlaps_that_count,
    precision_recall,
    recall_by_height,
    wider_precision_recall,
)
from likeness.evaluation.figures import (
    Curve,
    DetectedImage,
    cumulative_error_figure,
    curves_figure,
    detected_figure,
    fddb_figure,
    height_figure,
    precision_recall_figure,
)
from likeness.evaluation.metric import Metric
from likeness.models.detectors import MTCNN, Detections, Detector
from likeness.recipes.detection.build import build_trained
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.detection.inputs import ReadableSplits
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.past import TRAINED
from likeness.runs.record.recording import Recording
from likeness.runs.record.unreadable import noted_unreadable
from likeness.runs.table import print_table, write_results_file
from likeness.runs.training.devices import device_of
from likeness.runs.training.monitors import CURVES as MONITORED
from likeness.tasks.detection import DetectionTask
from likeness.tasks.detection.landmarks_task import landmark_errors_of, measurable

SHOWN = 9
"""So many of the first images are drawn."""
LIMITS = tuple(step / 200 for step in range(61))
"""Errors of landmarks, in parts of the distance of the eyes, at which the share of faces is drawn."""
IN_BOXES = "in annotated boxes"
log = logging.getLogger(__name__)
CURVES = {"loss": "train/loss", "average precision": "validation/ap", **MONITORED}


class Examined(NamedTuple):
    """A test image: its place among all, the faces in it, and what was found; on the CPU."""

    place: int
    faces: Faces
    found: Detections


class ListedScenes(NamedTuple):
    """Images to test on, and which faces are easy, medium and hard where WIDER FACE's lists are there."""

    scenes: ReadableScenes
    lists: Mapping[str, FaceList] | None


def tested_on(node: SceneData, scenes: ReadableScenes) -> ListedScenes:
    """The images that `node` names, with the lists of their faces.

    Raises:
        LikenessError: a list can't be read.
    """
    if not isinstance(node, WiderFace):
        return ListedScenes(scenes, None)
    with told(node):
        lists = wider_lists(node.root)
    if lists is None:
        log.info(
            "The average precision of easy, medium and hard faces is left out: wider_easy_val.mat, "
            "wider_medium_val.mat and wider_hard_val.mat are not in %s.",
            node.root,
        )
    return ListedScenes(scenes, lists)


def conclude(run: Recording, config: DetectionConfig, splits: ReadableSplits) -> None:
    """Measure the trained detector on the test images, and leave results and figures."""
    task = build_trained(config, run.folder)
    report_on(run, task, config, tested_on(config.test_data or config.data, splits.test))
    run.outcome["unreadable_images"] = sorted({*noted_unreadable(run.folder), *splits.test.unreadable})


def report_on(
    run: Recording,
    task: DetectionTask[Any],
    config: DetectionConfig | DetectionEvaluateConfig,
    tested: ListedScenes,
) -> None:
    """Measure the detector of a trained task on the test images, and leave results and figures."""
    task = task.to(device_of(config.trainer.accelerator if isinstance(config, DetectionConfig) else "auto"))
    examined = examine(task.detector, tested.scenes)
    evaluation = config.evaluation
    metrics = {TRAINED: measured(examined, evaluation, tested)}
    if isinstance(task.network, MTCNN) and any(len(measurable(one.faces)) for one in examined):
        metrics[IN_BOXES] = landmarks_in_boxes(task.network, examined, tested.scenes, evaluation.resamples)
    run.outcome["unreadable_images"] = sorted(tested.scenes.unreadable)
    write_results_file(run.folder, metrics)
    draw(run.folder, config, examined, tested)
    print_table(f"Faces in {len(examined)} images that were not trained on", metrics, DETECTION.presentation)


def measured(
    examined: Sequence[Examined], evaluation: DetectionEvaluation, tested: ListedScenes
) -> dict[str, Metric]:
    """The metrics that the evaluation asks for, and WIDER FACE's own where its lists are there."""
    faces, found = [one.faces for one in examined], [one.found for one in examined]
    metrics = detection_metrics(
        found,
        faces,
        threshold=evaluation.score,
        bands=[*evaluation.heights, np.inf],
        iou=evaluation.overlap,
        resamples=evaluation.resamples,
    )
    if tested.lists is not None:
        metrics |= evaluate_wider(
            *columns(found, faces)[:3], _listed(examined, tested), resamples=evaluation.resamples
        )
    if evaluation.fddb is not None:
        metrics |= evaluate_fddb(
            *_fddb_overlaps(examined, evaluation), evaluation.fddb, resamples=evaluation.resamples
        )
    return metrics


def _listed(examined: Sequence[Examined], tested: ListedScenes) -> dict[str, list[NDArray[np.int64]]]:
    """By list, for each image, the places of its faces in that list; none in an image that it does not name."""
    names = [tested.scenes.name(one.place) for one in examined]
    nothing = np.zeros(0, np.int64)
    return {
        level: [faces.get(name, nothing) for name in names] for level, faces in (tested.lists or {}).items()
    }


def _fddb_overlaps(
    examined: Sequence[Examined], evaluation: DetectionEvaluation
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    judged = columns([one.found for one in examined], [one.faces for one in examined])
    return overlaps_that_count(*judged, least_height=evaluation.heights[0], iou=evaluation.overlap)


def examine(detector: Detector, scenes: ReadableScenes) -> list[Examined]:
    """What a detector finds in each of the scenes that can be read.

    Raises:
        LikenessError: none can be read.
    """
    examined = []
    for index in range(len(scenes)):
        scene = scenes.load_or_none(index)
        if scene is not None:
            (found,) = detector([scene.image])
            examined.append(Examined(index, scene.faces, found))
    if not examined:
        raise LikenessError(
            f"None of the {len(scenes)} images to test on can be read, such as {scenes.name(0)}: replace them."
        )
    return examined


def landmarks_in_boxes(
    network: MTCNN, examined: Sequence[Examined], scenes: ReadableScenes, resamples: int
) -> dict[str, Metric]:
    """The errors of the landmarks that O-Net sees in the annotated boxes of all faces with five known points."""
    errors = [landmark_errors_of(network.output, scenes.load_good(one.place)) for one in examined]
    image = np.repeat([one.place for one in examined], [len(each) for each in errors])
    return evaluate_points(np.concatenate(errors), image, resamples=resamples)


def draw(
    folder: Path,
    config: DetectionConfig | DetectionEvaluateConfig,
    examined: Sequence[Examined],
    tested: ListedScenes,
) -> None:
    """Write the figures of a run."""
    evaluation, scenes = config.evaluation, tested.scenes
    least, overlap, score = evaluation.heights[0], evaluation.overlap, evaluation.score
    faces, found = [one.faces for one in examined], [one.found for one in examined]
    judged = columns(found, faces)
    curve = precision_recall(*judged, iou=overlap, least_height=least)
    heights = recall_by_height(
        face_heights(*judged, threshold=score, iou=overlap),
        [*evaluation.heights, np.inf],
        resamples=evaluation.resamples,
    )
    figures = {
        "precision_recall": precision_recall_figure({config.name: (curve.recall, curve.precision)}),
        "heights": height_figure(heights),
    }
    if tested.lists is not None:
        curves = {
            level: wider_precision_recall(*judged[:3], listed)
            for level, listed in _listed(examined, tested).items()
        }
        figures["wider"] = precision_recall_figure(
            {level: (curve.recall, curve.precision) for level, curve in curves.items()}
        )
    if evaluation.fddb is not None:
        figures["fddb"] = fddb_figure({config.name: fddb_roc(*_fddb_overlaps(examined, evaluation))})
    errors = landmark_errors(found, faces, threshold=score, least_height=least, iou=overlap)
    if np.isfinite(errors.by_eyes).any():
        shares = cumulative_errors(errors.by_eyes, errors.image, LIMITS, resamples=evaluation.resamples)
        figures["landmarks"] = cumulative_error_figure({config.name: shares}, failure=FAILURE)
    shown = {scenes.name(one.place): _shown(one, scenes, score) for one in examined[:SHOWN]}
    figures["found"] = detected_figure(list(shown.values()), iou=overlap, titles=list(shown))
    logged = logged_curves(folder) if isinstance(config, DetectionConfig) else {}
    panels = {
        name: {name: Curve(*logged[key], share=name != "loss")}
        for name, key in CURVES.items()
        if key in logged
    }
    if panels:
        figures["training"] = curves_figure(panels)
    for name, figure in figures.items():
        figure.savefig(folder / "figures" / f"{name}.png")


def _shown(one: Examined, scenes: ReadableScenes, score: float) -> DetectedImage:
    """An image with the detections of at least `score`."""
    scene = scenes.load_good(one.place)
    sure = one.found.scores >= score
    boxes, scores, points = (values[sure].numpy() for values in one.found)
    return DetectedImage(
        scene.image.permute(1, 2, 0).numpy(),
        boxes,
        scores,
        points,
        faces=one.faces.boxes.numpy(),
        ignored=one.faces.ignored.numpy(),
    )
