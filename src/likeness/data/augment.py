"""Augmentation whose draws are keyed by (seed, epoch, index): the same on any worker, at any start."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms import v2

from likeness.randomness import key


class KeyedAugment:
    """Apply transforms in order, with draws keyed by the picture's epoch and index.

    torchvision draws from torch's global generator; it is set to the key for the call and put back afterwards.
    """

    def __init__(self, transforms: Sequence[v2.Transform], *, seed: int) -> None:
        self.transforms, self.seed = transforms, seed

    def __call__(self, picture: Tensor, epoch: int, index: int) -> Tensor:
        """The augmented picture, uint8 `[C, *spatial]` like `picture`."""
        if not self.transforms:
            return picture
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would also note a seed, with a traceback, for GPUs to come: half of a picture's time
            torch.default_generator.manual_seed(key("augment", self.seed, epoch, index))
            for transform in self.transforms:
                picture = transform(picture)
        return picture
