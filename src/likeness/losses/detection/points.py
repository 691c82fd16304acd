"""What it costs to place the points of a face wrongly."""

import torch
from torch import Tensor

from ..precision import in_working_precision

_LEAST = 1e-12
"""Added to a squared distance: the root of 0 has no finite gradient."""


def point_distances(predicted: Tensor, wanted: Tensor, size: Tensor) -> Tensor:
    """The mean distance of a face's known points, as a fraction of its size, `[N]`.

    With the distance of the eyes as the size it is the error by which landmarks are measured, to within 1e-6 of the
    unit that points are in. Its slope does not fall with the error, so that small errors are trained away too, and a
    point that was annotated wrongly pulls no harder than others, as it would by squared distances.

    Args:
        predicted: `[N, P, 2]`.
        wanted: `[N, P, 2]`, NaN for an unknown point; a face without a known one costs 0.
        size: `[N]`, above 0, in the unit of the points.
    """
    found, true = in_working_precision(predicted), in_working_precision(wanted)
    known = ~true.isnan().any(2)
    squares = (found - true.nan_to_num()).square().sum(2)
    distances = torch.where(known, (squares + _LEAST).sqrt(), 0)
    return distances.sum(1) / known.sum(1).clamp(min=1) / in_working_precision(size)
