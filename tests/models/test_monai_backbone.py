"""MONAI's networks as backbones: what they give and how they learn is what MONAI's own network does, at every rank."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from likeness.models.monai_backbone import monai_backbone

nets = pytest.importorskip("monai.networks.nets", reason="MONAI, an extra, is not installed")

MEAN, STD = [0.4, 0.5], [0.2, 0.3]
NAMES = {"DenseNet121": "in_channels out_channels", "resnet10": "n_input_channels num_classes"}
SIZES = {1: [64], 2: [32, 48], 3: [32, 32, 40]}


def both(name: str, size: list[int]) -> tuple[nn.Module, nn.Module, Callable[[Tensor], Tensor]]:
    """A backbone, MONAI's network of the same seed, and what its last linear layer is given of normalised images."""
    torch.manual_seed(3)
    ours = monai_backbone(name=name, spatial_size=size, channels=2, mean=MEAN, std=STD)
    torch.manual_seed(3)
    keywords: dict[str, Any] = dict.fromkeys(NAMES[name].split(), 2)
    theirs: nn.Module = getattr(nets, name)(spatial_dims=len(size), **keywords)
    *_, classifier = (layer for layer in theirs.modules() if isinstance(layer, nn.Linear))
    given: list[Tensor] = []
    classifier.register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))

    def features(images: Tensor) -> Tensor:
        shape = (1, 2, *(1,) * len(size))
        theirs((images - torch.tensor(MEAN).view(shape)) / torch.tensor(STD).view(shape))
        return given.pop()

    return ours, theirs, features


@pytest.mark.parametrize("rank", SIZES)
@pytest.mark.parametrize("name", [pytest.param("DenseNet121", marks=pytest.mark.slow), "resnet10"])
def test_gives_and_learns_what_monais_network_does(name: str, rank: int) -> None:
    size = SIZES[rank]
    ours, theirs, features = both(name, size)
    images = torch.rand(3, 2, *size, generator=torch.Generator().manual_seed(rank))
    outputs = []
    for network, call in ((ours, ours), (theirs, features)):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        learned = call(images)
        learned.square().mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        network.eval()
        with torch.no_grad():
            outputs.append((learned, call(images)))
    assert outputs[0][0].shape == (3, ours.feature_dim)
    for one, other in zip(*outputs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert not torch.equal(*outputs[0])  # the step changed something
    known = theirs.state_dict()
    assert {name for name in known if not name.startswith(("fc.", "class_layers.out."))} == {
        name.removeprefix("network.") for name in ours.state_dict()
    }
    for key, value in ours.state_dict().items():
        assert torch.equal(value, known[key.removeprefix("network.")]), key


def test_a_network_that_is_not_there_is_named_beside_a_near_one() -> None:
    with pytest.raises(ValueError, match="resnet10"):
        monai_backbone(name="resnet11", spatial_size=[32], channels=1, mean=[0.5], std=[0.5])
