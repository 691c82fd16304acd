"""From one size of a generated image to the next: the image, and what its optimizer knows, are carried over.

Starting the optimizer anew at each size would destroy progress: L-BFGS loses its model of the curvature, and Adam
without its averages takes steps of full length in every pixel.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import LBFGS, Optimizer

_CURVED = 1e-10  # as torch's L-BFGS asks of a pair that it keeps


def carry_over(optimizer: Optimizer, image: nn.Parameter, spatial: Sequence[int]) -> None:
    """Resize `image [1, C, *spatial]`, and with it the state that `optimizer` keeps of it.

    An objective that is a mean over positions has a gradient that shrinks in each of them as their number grows; the
    averages and differences of gradients are scaled so.

    Args:
        optimizer: `LBFGS`, or one with Adam's averages.
        image: the parameter.
        spatial: its height and width to be.
    """
    before = image.data
    image.data, image.grad = resized(before, spatial), None
    shrunk = before[0, 0].numel() / image[0, 0].numel()
    state: dict[str, Any] = optimizer.state[image]
    if isinstance(optimizer, LBFGS):
        optimizer._numel_cache = None  # it keeps the number of pixels
        _carry_lbfgs(state, before, spatial, shrunk)
    else:
        for name, power in (("exp_avg", 1), ("exp_avg_sq", 2)):
            state[name] = _linearly(state[name], spatial) * shrunk**power


def resized(image: Tensor, spatial: Sequence[int]) -> Tensor:
    """An image `[1, C, H, W]` in [0, 1] at another size, antialiased."""
    return functional.interpolate(image, list(spatial), mode="bicubic", antialias=True).clamp_(0, 1)


def _carry_lbfgs(state: dict[str, Any], before: Tensor, spatial: Sequence[int], shrunk: float) -> None:
    """Resize the pairs of differences, of gradients `y` and of steps `s`, by which L-BFGS knows the curvature.

    The next gradient is of another size than the last one, so no pair may be made of the two: a last step of length
    zero is one that L-BFGS leaves out.
    """

    def flat(values: Tensor) -> Tensor:
        return _linearly(values.view_as(before), spatial).flatten()

    gradients, steps = state.pop("old_dirs", []), state.pop("old_stps", [])
    pairs = [(flat(y) * shrunk, flat(s)) for y, s in zip(gradients, steps, strict=True)]
    pairs = [(y, s) for y, s in pairs if y.dot(s) > _CURVED]
    if not pairs:
        state.clear()
        return
    last_y, last_s = pairs[-1]
    state.update(
        old_dirs=[y for y, _ in pairs],
        old_stps=[s for _, s in pairs],
        ro=[1.0 / y.dot(s) for y, s in pairs],
        H_diag=last_y.dot(last_s) / last_y.dot(last_y),
        d=torch.zeros_like(last_s),
        prev_flat_grad=torch.zeros_like(last_s),
    )


def _linearly(values: Tensor, spatial: Sequence[int]) -> Tensor:
    """Resized without overshoot, so that what is not negative stays so."""
    return functional.interpolate(values, list(spatial), mode="bilinear", antialias=True)
