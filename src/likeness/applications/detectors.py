"""The detectors that a command line can name."""

from pathlib import Path

from likeness.config.nearest import nearest
from likeness.errors import LikenessError
from likeness.models.detectors import Detector, published_mtcnn
from likeness.models.detectors.mtcnn import SMALLEST_FACE, THRESHOLDS

MTCNN = "mtcnn"
DETECTORS = (MTCNN,)
LEAST_SCORE = THRESHOLDS[-1]


def detector_named(
    name: str,
    weights: Path | None = None,
    *,
    smallest_face: float = SMALLEST_FACE,
    least_score: float = LEAST_SCORE,
) -> Detector:
    """The detector called `name`.

    Args:
        name: one of `DETECTORS`.
        weights: the folder of its weights; by default those of an installed package.
        smallest_face: pixels of the smallest face's side to look for.
        least_score: of a face, in [0, 1].

    Raises:
        LikenessError: there is no such detector, it finds no weights, or a number is out of its range.
    """
    if name not in DETECTORS:
        raise LikenessError(f"There is no detector called {name}: {nearest(name, DETECTORS)}")
    try:
        return published_mtcnn(
            weights, smallest_face=smallest_face, thresholds=(*THRESHOLDS[:-1], least_score)
        )
    except ValueError as error:
        raise LikenessError(str(error).replace("`weights`", "--weights")) from error
