"""Which detection finds which face."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.detection.images import ImageFaces
from likeness.evaluation.detection.overlap import overlaps

FOUND, WRONG, NEITHER = 1, 0, -1
"""What a detection is: the first on a face, a false positive, or on a face that is ignored."""


class Matches(NamedTuple):
    """The verdicts on an image's D detections, in its order (highest score first), and on its F faces.

    `verdict [D]` is FOUND, WRONG or NEITHER; `face [D]` the face that a detection found or that is ignored, -1 for a
    wrong one. `found_at [F]` is the score at which a face is found, -inf for one that is missed or ignored.
    """

    verdict: NDArray[np.int8]
    face: NDArray[np.int64]
    found_at: NDArray[np.float64]


def match(image: ImageFaces, iou: float = 0.5) -> Matches:
    """Lets each detection, highest score first, claim the face that it overlaps most, if by at least `iou`.

    As the official evaluation of WIDER FACE does it (Yang et al. 2016), and Pascal VOC's (Everingham et al. 2010):
    a detection looks at its best face alone. Where that face is ignored, it counts for nothing; where a higher score
    has claimed it, it is wrong, even if it overlaps another face enough. Among equal overlaps the first face is best.
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou={iou} must be above 0 and at most 1")
    verdict = np.full(len(image.boxes), WRONG, dtype=np.int8)
    face = np.full(len(image.boxes), -1, dtype=np.int64)
    found_at = np.full(len(image.faces), -np.inf)
    if not len(image.boxes) or not len(image.faces):
        return Matches(verdict, face, found_at)
    shared = overlaps(image.boxes, image.faces)
    best = shared.argmax(axis=1)
    close = shared[np.arange(len(best)), best] >= iou
    on_ignored = close & image.ignored[best]
    verdict[on_ignored] = NEITHER
    claims = np.flatnonzero(close & ~on_ignored)
    # Of each face's claims, `return_index` gives the first, which has the highest score.
    claimed, first = np.unique(best[claims], return_index=True)
    verdict[claims[first]] = FOUND
    found_at[claimed] = image.scores[claims[first]]
    settled = verdict != WRONG
    face[settled] = best[settled]
    return Matches(verdict, face, found_at)
