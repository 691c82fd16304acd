"""The mean and standard deviation of each channel of some data, by which a network normalises what it is given."""

from typing import NamedTuple

import torch
from torch import Tensor

from likeness.data.as_float import unscaled
from likeness.data.fingerprint import spread_over
from likeness.data.images import Images

SAMPLES = 1024


class Statistics(NamedTuple):
    """Of each channel the `mean [C]` and standard deviation `std [C]`, float32, over all of so many `samples`."""

    mean: Tensor
    std: Tensor
    samples: int

    def plain(self) -> dict[str, object]:
        """As a run's record has them."""
        return {"mean": self.mean.tolist(), "std": self.std.tolist(), "samples": self.samples}


def channel_statistics(images: Images) -> Statistics:
    """Those of at most SAMPLES of the images, evenly spread from the first to the last, summed in float64.

    A channel that never varies gets the standard deviation 1, so that it can be divided by.
    """
    indices = spread_over(len(images), SAMPLES)
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for start in range(0, len(indices), 64):
        block = torch.stack(images.load(indices[start : start + 64]))
        values = unscaled(block, torch.float64).transpose(0, 1).flatten(1)
        count += values.shape[1]
        total, squares = total + values.sum(1), squares + values.square().sum(1)
    mean = total / count
    std = (squares / count - mean.square()).clamp(min=0).sqrt()
    return Statistics(mean.float(), torch.where(std > 0, std, 1.0).float(), len(indices))
