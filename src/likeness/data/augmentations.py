"""Augmentations of signals and volumes, which draw from torch's generator as torchvision's of images do."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from likeness.spatial import INTERPOLATION


class TimeShift:
    """Let a signal begin elsewhere: what leaves at one end comes in at the other.

    Args:
        shift: the largest shift either way, as a share of the length.
    """

    def __init__(self, *, shift: float) -> None:
        self.shift = shift

    def __call__(self, sample: Tensor) -> Tensor:
        """A signal `[C, L]`, shifted by a whole number of values."""
        most = int(self.shift * sample.shape[-1])
        return sample.roll(int(torch.randint(-most, most + 1, ())), dims=-1)


class Gain:
    """Make a sample louder or softer: all values by one factor.

    Args:
        low: the smallest factor.
        high: the largest; a factor is as likely to be above their geometric mean as below.
    """

    def __init__(self, *, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, sample: Tensor) -> Tensor:
        """A sample `[C, *spatial]` of the same kind."""
        factor = self.low * (self.high / self.low) ** float(torch.rand(()))
        return _as(sample, sample.float() * factor)


class AdditiveNoise:
    """Add white noise.

    Args:
        share: the largest deviation of the noise, as a share of the sample's own; the share is drawn evenly.
    """

    def __init__(self, *, share: float) -> None:
        self.share = share

    def __call__(self, sample: Tensor) -> Tensor:
        """A sample `[C, *spatial]` of the same kind."""
        values = sample.float()
        deviation = self.share * torch.rand(()) * values.std(correction=0)
        return _as(sample, values + deviation * torch.randn(values.shape))


class Masking:
    """Hide blocks behind the sample's mean (SpecAugment's masks, Park et al. 2019, over any number of axes).

    Args:
        share: the longest side of a block, as a share of each axis.
        blocks: how many are hidden.
    """

    def __init__(self, *, share: float, blocks: int) -> None:
        self.share, self.blocks = share, blocks

    def __call__(self, sample: Tensor) -> Tensor:
        """A sample `[C, *spatial]` of the same kind."""
        values = sample.float()
        mean, hidden = values.mean(), values.clone()
        for _ in range(self.blocks):
            block: list[slice] = []
            for side in sample.shape[1:]:
                length = int(torch.randint(0, int(self.share * side) + 1, ()))
                first = int(torch.randint(0, side - length + 1, ()))
                block.append(slice(first, first + length))
            hidden[(slice(None), *block)] = mean
        return _as(sample, hidden)


class VolumeRotation:
    """Turn a volume about its centre, about an axis that is drawn evenly.

    Args:
        degrees: the largest angle, either way.
    """

    def __init__(self, *, degrees: float) -> None:
        self.degrees = degrees

    def __call__(self, sample: Tensor) -> Tensor:
        """A volume `[C, D, H, W]` of the same kind, trilinear; what comes in from outside is its smallest value."""
        axis = functional.normalize(torch.randn(3), dim=0)
        angle = math.radians(self.degrees) * (2 * float(torch.rand(())) - 1)
        # Rodrigues: R = I + sin(a) K + (1 - cos(a)) K^2, K the cross product with the axis
        x, y, z = axis.tolist()
        cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rotation = torch.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
        sides = torch.tensor(sample.shape[:0:-1], dtype=torch.float32)  # as the grid has its axes: x, y, z
        matrix = torch.cat([rotation * sides[None, :] / sides[:, None], torch.zeros(3, 1)], dim=1)[None]
        ground = sample.min().float()
        values = sample[None].float() - ground
        grid = functional.affine_grid(matrix, list(values.shape), align_corners=False)
        return _as(sample, functional.grid_sample(values, grid, align_corners=False)[0] + ground)


class RandomCrop:
    """Look at a part of a signal or a volume, brought to the size of the whole.

    Args:
        smallest: the smallest side of the part, as a share of each axis; all axes have one share.
    """

    def __init__(self, *, smallest: float) -> None:
        self.smallest = smallest

    def __call__(self, sample: Tensor) -> Tensor:
        """A sample `[C, *spatial]` of the same kind, interpolated linearly."""
        share = self.smallest + (1 - self.smallest) * float(torch.rand(()))
        part: list[slice] = []
        for side in sample.shape[1:]:
            length = max(1, round(share * side))
            first = int(torch.randint(0, side - length + 1, ()))
            part.append(slice(first, first + length))
        mode = INTERPOLATION[sample.ndim - 1]
        cut = sample[(slice(None), *part)][None].float()
        return _as(sample, functional.interpolate(cut, sample.shape[1:], mode=mode, align_corners=False)[0])


def _as(sample: Tensor, values: Tensor) -> Tensor:
    """Values in the kind of number of the sample that they were made of."""
    return values.round_().clamp_(0, 255).to(torch.uint8) if sample.dtype == torch.uint8 else values
