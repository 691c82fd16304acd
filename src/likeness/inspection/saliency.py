"""Which parts of two inputs made them alike or not: the gradient of their distance (Simonyan et al. 2014)."""

from collections.abc import Callable

import torch
from torch import Tensor

Compare = Callable[[Tensor, Tensor], Tensor]
"""From images `[N, C, *spatial]` and others their distances `[N]`."""


def saliency_of_pairs(compare: Compare, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The distances `[N]` of pairs of images `[N, C, *spatial]`, and how strongly each position of both acts on them.

    That is the length over the channels, `[N, *spatial]`, of the gradient of the distance by the values there.
    """
    both = [images.detach().clone().requires_grad_() for images in (first, second)]
    with torch.enable_grad():
        distances = compare(*both)
        gradients = torch.autograd.grad(distances.sum(), both)
    by_first, by_second = (gradient.norm(dim=1) for gradient in gradients)
    return distances.detach(), by_first, by_second
