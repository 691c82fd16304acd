"""What it costs to place a box wrongly."""

from torch import Tensor
from torch.nn import functional

from ..precision import in_working_precision


def smooth_l1(predicted: Tensor, wanted: Tensor, *, beta: float = 1.0) -> Tensor:
    """`sum_j s(predicted_j - wanted_j)` of each box, `[N]`: `s(x) = x^2 / 2 beta` below beta, else `|x| - beta / 2`.

    Girshick 2015 ("Fast R-CNN", equations 2 and 3), where beta is 1.

    Args:
        predicted: `[N, 4]` offsets from an anchor.
        wanted: `[N, 4]` those of the face.
        beta: where the square ends; the slope beyond it is 1.
    """
    return functional.smooth_l1_loss(
        in_working_precision(predicted), in_working_precision(wanted), beta=beta, reduction="none"
    ).sum(1)


def huber(predicted: Tensor, wanted: Tensor, *, delta: float = 1.0) -> Tensor:
    """`sum_j h(predicted_j - wanted_j)` of each box, `[N]`: `h(x) = x^2 / 2`, beyond delta `delta |x| - delta^2 / 2`.

    Huber 1964, which Hu and Ramanan 2017 take for boxes; delta times `smooth_l1` with beta = delta.

    Args:
        predicted: `[N, 4]` offsets from a template.
        wanted: `[N, 4]` those of the face.
        delta: where the square ends, and the slope beyond it.
    """
    return functional.huber_loss(
        in_working_precision(predicted), in_working_precision(wanted), delta=delta, reduction="none"
    ).sum(1)
