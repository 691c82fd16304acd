"""Augmentation whose draws are keyed by (seed, epoch, index): the same on any worker, at any start."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from likeness.randomness import key


class KeyedAugment:
    """Apply transforms in order, with draws keyed by the image's epoch and index.

    torchvision draws from torch's global generator, as our own do; it is set to the key for the call and put back
    afterwards.
    """

    def __init__(self, transforms: Sequence[Callable[[Tensor], Tensor]], *, seed: int) -> None:
        self.transforms, self.seed = transforms, seed

    def __call__(self, sample: Tensor, epoch: int, index: int) -> Tensor:
        """The augmented image, of the kind and shape `[C, *spatial]` of `sample`."""
        if not self.transforms:
            return sample
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would also note a seed, with a traceback, for GPUs to come: half of an image's time
            torch.default_generator.manual_seed(key("augment", self.seed, epoch, index))
            for transform in self.transforms:
                sample = transform(sample)
        return sample
