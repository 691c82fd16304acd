"""Encoders that tests put before a decoder, small and of fixed weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

VGG19 = {"relu1_1": (64, 1), "relu2_1": (128, 2), "relu3_1": (256, 4), "relu4_1": (512, 8)}


class Pooled(nn.Module):
    """A convolution at each stride, with a pooling before all but the first; a map's last half pixel is kept or not."""

    def __init__(self, channels: dict[str, tuple[int, int]], *, keep_odd: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.strides = {name: stride for name, (_, stride) in channels.items()}
        self.convolutions = nn.ModuleDict(
            {name: nn.Conv2d(3, outputs, 3, padding=1) for name, (outputs, _) in channels.items()}
        )
        self.keep_odd = keep_odd

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        pool: Callable[..., Tensor] = functional.max_pool2d
        features = {}
        for name, convolution in self.convolutions.items():
            pooled = images
            for _ in range(self.strides[name].bit_length() - 1):
                pooled = pool(pooled, 2, ceil_mode=self.keep_odd)
            features[name] = convolution(pooled).relu()
        return features
