"""Augmentation whose draws are keyed by (seed, epoch, index): the same on any worker, at any start."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torchvision.transforms import v2

from likeness.randomness import key

Augment = Callable[[Tensor, int, int], Tensor]


def keyed_augment(transforms: Sequence[v2.Transform], *, seed: int) -> Augment:
    """A function `(picture [C, H, W], epoch, index) -> picture` that applies `transforms` in order.

    torchvision draws from torch's global generator; it is set to the key for the call and put back afterwards.
    """
    if not transforms:
        return lambda picture, epoch, index: picture
    chain = v2.Compose(transforms)

    def augment(picture: Tensor, epoch: int, index: int) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(key("augment", seed, epoch, index))
            augmented: Tensor = chain(picture)
        return augmented

    return augment
