"""The fully convolutional network, beside its formula written out."""

import pytest
import torch
from torch.nn import functional

from likeness.models.fcn import fcn


def test_signals_go_through_the_layers_of_the_paper() -> None:
    backbone = fcn(width=4, spatial_size=[30], channels=2, mean=[0.5, -1.0], std=[2.0, 3.0]).eval()
    signals = torch.randn(3, 2, 30)
    maps = (signals - torch.tensor([0.5, -1.0])[:, None]) / torch.tensor([2.0, 3.0])[:, None]
    blocks = list(backbone.network)[:3]
    for block, (kernel, width) in zip(blocks, [(8, 4), (5, 8), (3, 4)], strict=True):
        _, convolution, norm, _ = block
        assert convolution.weight.shape[::2] == (width, kernel)
        torch.nn.init.normal_(norm.running_mean)
        padded = functional.pad(maps, ((kernel - 1) // 2, kernel // 2))
        windows = padded.unfold(2, kernel, 1)  # [B, C, L, kernel]
        maps = torch.einsum("bclk,ock->bol", windows, convolution.weight)
        maps = ((maps - norm.running_mean[:, None]) / (1 + norm.eps) ** 0.5).clamp(min=0)
    assert torch.allclose(backbone(signals), maps.mean(2), atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_samples_of_any_rank_and_length_make_one_feature_a_channel(rank: int) -> None:
    backbone = fcn(width=4, spatial_size=[9] * rank, channels=1, mean=[0.0], std=[1.0]).eval()
    assert backbone(torch.rand(2, 1, *[9] * rank)).shape == (2, backbone.feature_dim) == (2, 4)
    assert backbone(torch.rand(2, 1, *[12] * rank)).shape == (2, 4)
