"""How much two boxes have in common."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.detection.images import checked_boxes


def overlaps(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """The intersection over union `[N, M]` of boxes `first [N, 4]` and `second [M, 4]`, in float64.

    Zero for a box of no area, also with itself, where the quotient is 0/0.
    """
    # Here, so that figures and numbers of what was measured before are drawn and read without torch.
    import torch
    from torchvision.ops import box_iou

    one, other = (torch.from_numpy(checked_boxes(boxes, "boxes")) for boxes in (first, second))
    values: NDArray[np.float64] = box_iou(one, other).numpy()
    return np.nan_to_num(values, nan=0.0)
