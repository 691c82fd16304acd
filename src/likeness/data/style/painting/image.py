"""The painting: an evening over fields, in four layers of ever finer strokes."""

from functools import cache

import torch
from torch import Tensor

from likeness.data.style.painting.brush import Layer, painted
from likeness.data.style.painting.scene import evening

HEIGHT, WIDTH = 600, 800

_LAYERS = (
    Layer(strokes=900, width=0.060, length=0.22),
    Layer(strokes=2600, width=0.034, length=0.13),
    Layer(strokes=5200, width=0.021, length=0.085),
    Layer(strokes=2600, width=0.014, length=0.06),
)


@cache
def painting() -> Tensor:
    """The painting, uint8 RGB `[3, 600, 800]`; always the same."""
    pixels = painted(evening, _LAYERS, height=HEIGHT, width=WIDTH, seed=0)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
