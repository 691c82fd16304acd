"""The detectors that a command line can name: the published one, or that of a run."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from likeness.config.nearest import nearest
from likeness.config.schema.detection import DetectionConfig
from likeness.errors import LikenessError
from likeness.models.detectors import MTCNN, Detections, Detector, published_mtcnn
from likeness.models.detectors.mtcnn import SMALLEST_FACE, THRESHOLDS
from likeness.recipes.choose import config_of
from likeness.recipes.detection.build import build_trained

PUBLISHED = "mtcnn"
DETECTORS = (PUBLISHED,)
LEAST_SCORE = THRESHOLDS[-1]


def detector_named(
    name: str,
    weights: Path | None = None,
    *,
    smallest_face: float | None = None,
    least_score: float | None = None,
    points: bool = False,
    checkpoint: int | None = None,
) -> Detector:
    """The detector called `name`.

    Args:
        name: one of `DETECTORS`, or the folder of a run that trained a detector.
        weights: the folder of MTCNN's weights; by default those of an installed package. A run of a detector that gives
            no points takes them from its O-Net, where the weights are there.
        smallest_face: pixels of the smallest face's side that MTCNN looks for; by default 20, or what the run has.
        least_score: of a face, in [0, 1]; by default 0.7, or the run's `evaluation.score`.
        points: whether it is refused where its faces would have no points.
        checkpoint: the step of an earlier one of a run to take in place of the last.

    Raises:
        LikenessError: there is no such detector, it finds no weights, or an option is out of its range or not its.
    """
    if name not in DETECTORS:
        if Path(name).is_dir():
            return _of_run(Path(name), checkpoint, weights, smallest_face, least_score, points)
        raise LikenessError(
            f"There is no detector called {name}, nor a folder of a run: {nearest(name, DETECTORS)}"
        )
    if checkpoint is not None:
        raise LikenessError(
            f"--checkpoint is of a run that trained a detector, and {name} is none: leave it out."
        )
    smallest = SMALLEST_FACE if smallest_face is None else smallest_face
    least = LEAST_SCORE if least_score is None else least_score
    return _published(weights, smallest, least)


def face_finder(name: str | None, weights: Path | None) -> Detector | None:
    """The detector, with points, that goes before an encoder; without a name none, for images that are cropped already.

    Raises:
        LikenessError: as `detector_named` does, or weights are given without a detector.
    """
    if name is not None:
        return detector_named(name, weights, points=True)
    if weights is not None:
        raise LikenessError("--weights are a detector's: name it with --detector, or leave them out.")
    return None


def _published(weights: Path | None, smallest_face: float, least_score: float) -> MTCNN:
    try:
        return published_mtcnn(
            weights, smallest_face=smallest_face, thresholds=(*THRESHOLDS[:-1], least_score)
        )
    except ValueError as error:
        raise LikenessError(str(error).replace("`weights`", "--weights")) from error


def _of_run(
    run: Path,
    checkpoint: int | None,
    weights: Path | None,
    smallest_face: float | None,
    least_score: float | None,
    points: bool,
) -> Detector:
    config = config_of(run)
    if not isinstance(config, DetectionConfig):
        raise LikenessError(f"{run} did not train a detector; name a run of task=mtcnn or its like.")
    own = build_trained(config, run, checkpoint).detector
    found: Detector = own
    if isinstance(own, MTCNN):
        own.smallest_face = own.smallest_face if smallest_face is None else smallest_face
    elif smallest_face is not None:
        raise LikenessError(
            f"--smallest-face is an option of MTCNN, which {run} did not train: leave it out."
        )
    else:
        found = _with_points(own, weights, points)
    return _Sure(found, config.evaluation.score if least_score is None else least_score)


def _with_points(detector: Detector, weights: Path | None, needed: bool) -> Detector:
    """The detector with O-Net's points; as it is where they aren't needed and O-Net's weights aren't there."""
    try:
        return _Pointed(detector, _published(weights, SMALLEST_FACE, LEAST_SCORE))
    except LikenessError as error:
        if weights is None and not needed:
            return detector
        raise LikenessError(f"This detector gives no points, and MTCNN's can't be had: {error}") from error


class _Sure:
    """A `Detector` that keeps what scores at least so much."""

    def __init__(self, detector: Detector, least_score: float) -> None:
        self._detector, self._least_score = detector, least_score

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        return [
            Detections(*(values[found.scores >= self._least_score] for values in found))
            for found in self._detector(images)
        ]


class _Pointed:
    """A `Detector` whose faces have the points that MTCNN's last network sees in their boxes."""

    def __init__(self, detector: Detector, cascade: MTCNN) -> None:
        self._detector, self._cascade = detector, cascade

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        return [
            found._replace(points=self._cascade.points(image, found.boxes)) if len(found.boxes) else found
            for image, found in zip(images, self._detector(images), strict=True)
        ]
