"""Each template against the others of its subject, and against all other subjects."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.compare import Templates, distances
from likeness.applications.gallery.searched import Searched


class OwnAndOther(NamedTuple):
    """Of T templates the distance to the others of their subject, `own [T]`, infinite where there are none, and to the
    nearest other subject, `other [T]`, infinite where there is none, whose row is `nearest [T]`.
    """

    own: NDArray[np.float64]
    other: NDArray[np.float64]
    nearest: NDArray[np.int64]


def leave_one_out(found: Searched) -> OwnAndOther:
    """Ask for each template as if it were a probe and not enrolled."""
    encodings, row = found.templates
    near = found.search.nearest(encodings, 2)
    if near.row.shape[1] == 1:
        return OwnAndOther(_own(found), np.full(len(row), np.inf), np.full(len(row), -1))
    second = (near.row[:, 0] == row).astype(np.int64)[:, None]
    other = np.take_along_axis(near.distance, second, 1)[:, 0]
    return OwnAndOther(_own(found), other, np.take_along_axis(near.row, second, 1)[:, 0])


def _own(found: Searched) -> NDArray[np.float64]:
    encodings, row = found.templates
    own = np.full(len(row), np.inf)
    ends = np.searchsorted(row, np.arange(found.templates.subjects), side="right").tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        for place in range(start, end) if end - start > 1 else ():
            others = np.concatenate([encodings[start:place], encodings[place + 1 : end]])
            rest = Templates(others, np.zeros(len(others), np.int64))
            own[place] = distances(encodings[place : place + 1], rest, found.way)[0, 0]
    return own
