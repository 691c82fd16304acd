"""The network of Johnson et al., against the published counts and a plain forward pass of PyTorch's examples."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.models.stylizers import transformer_net

SMALL: dict[str, Any] = {"width": 4, "blocks": 2}


def published_forward(state: dict[str, Tensor], images: Tensor, blocks: int) -> Tensor:
    """Values from 0 to 255 of images likewise, written down from the table of layers."""

    def convolution(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}.conv2d.weight"]
        border = weight.shape[-1] // 2
        padded = functional.pad(x, (border,) * 4, mode="reflect")
        return functional.conv2d(padded, weight, state[f"{name}.conv2d.bias"], stride)

    def norm(name: str, x: Tensor) -> Tensor:
        return functional.instance_norm(x, weight=state[f"{name}.weight"], bias=state[f"{name}.bias"])

    def double(x: Tensor) -> Tensor:
        return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    x = norm("in1", convolution("conv1", images)).relu()
    x = norm("in2", convolution("conv2", x, stride=2)).relu()
    x = norm("in3", convolution("conv3", x, stride=2)).relu()
    for block in range(1, blocks + 1):
        inner = norm(f"res{block}.in1", convolution(f"res{block}.conv1", x)).relu()
        x = x + norm(f"res{block}.in2", convolution(f"res{block}.conv2", inner))
    x = norm("in4", convolution("deconv1", double(x))).relu()
    x = norm("in5", convolution("deconv2", double(x))).relu()
    return convolution("deconv3", x)


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
@pytest.mark.parametrize("normalization", ["instance", "batch"])
def test_it_has_the_published_number_of_parameters(normalization: Any, upsampling: Any) -> None:
    network = transformer_net(normalization=normalization, upsampling=upsampling)
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_679_235
    statistics = sum(value.numel() for name, value in network.named_buffers() if "running" in name)
    assert statistics == {"instance": 0, "batch": 1_682_435 - 1_679_235}[normalization]


@pytest.mark.parametrize("contrast", [1.0, 1e-3])  # at the low one the norm's eps knows the scale of values
def test_published_weights_give_the_published_image(tmp_path: Path, contrast: float) -> None:
    generator = torch.Generator().manual_seed(0)
    own = transformer_net(**SMALL).state_dict()
    state = {name: torch.rand(value.shape, generator=generator) - 0.4 for name, value in own.items()}
    old = {
        name.replace("weight", f"running_{statistic}"): torch.rand_like(value)
        for name, value in state.items()
        if re.search(r"in\d\.weight$", name)
        for statistic in ("mean", "var")
    }
    assert len(old) == 2 * (5 + 2 * 2)
    torch.save({**old, **state}, tmp_path / "mosaic.pth")
    network = transformer_net(**SMALL, output="linear", weights=str(tmp_path / "mosaic.pth"))
    images = contrast * torch.rand(2, 3, 24, 36, generator=generator)
    expected = published_forward(state, images * 255, blocks=2) / 255
    torch.testing.assert_close(network(images), expected, rtol=1e-4, atol=1e-5)
    bounded = transformer_net(**SMALL, weights=str(tmp_path / "mosaic.pth"))
    torch.testing.assert_close(bounded(images), (2 * 255 * expected).sigmoid(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (8, 8), (33, 50), (64, 31)])
def test_images_keep_their_size_and_stay_in_range(size: tuple[int, int], upsampling: Any) -> None:
    torch.manual_seed(0)
    network = transformer_net(**SMALL, upsampling=upsampling)
    with torch.no_grad():
        images = network(torch.rand(2, 3, *size))
    assert images.shape == (2, 3, *size)
    assert images.min() >= 0
    assert images.max() <= 1


def test_weights_of_other_words_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "batch.pth")
    torch.save(transformer_net(**SMALL, normalization="batch").state_dict(), path)
    assert transformer_net(**SMALL, normalization="batch", weights=path)
    for words in ({"upsampling": "transposed"}, {"width": 8}, {"blocks": 3}):
        with pytest.raises(
            ValueError, match=r"belong to another network: .*; choose the width, blocks, normal"
        ):
            transformer_net(**{**SMALL, "normalization": "batch", **words}, weights=path)
