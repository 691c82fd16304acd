"""Gradient checkpointing: the same gradients and statistics to the bit, and less memory."""

from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from likeness.models.gradient_checkpointing import checkpoint_gradients
from likeness.models.small_conv import small_conv

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "small_conv": lambda: (
        small_conv(width=4, spatial_size=64, channels=3, mean=[0.5] * 3, std=[0.5] * 3).network
    ),
    "timm's resnet": lambda: timm.create_model(
        "test_resnet", num_classes=0, drop_rate=0.1, drop_path_rate=0.5
    ),
    "timm's transformer": lambda: timm.create_model(
        "test_vit", num_classes=0, img_size=64, proj_drop_rate=0.5
    ),
    "timm's efficientnet": lambda: timm.create_model("test_efficientnet", num_classes=0),
    "torchvision's resnet": lambda: torchvision.models.resnet18(),
}


def passed(name: str, *, checkpointed: bool) -> tuple[dict[str, Tensor], int]:
    """Two training steps' gradients and all states, and the bytes that the forward pass kept."""
    torch.manual_seed(0)
    network = NETWORKS[name]().train()
    if checkpointed:
        assert len(checkpoint_gradients(network)) >= 2
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    held = 0
    for step in range(2):
        torch.manual_seed(step)
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = network(torch.rand(4, 3, 64, 64)).square().mean()
        held = sum(kept.values())
        loss.backward()
    found = {f"gradient of {key}": value.grad for key, value in network.named_parameters()}
    return {**found, **network.state_dict()}, held  # type: ignore[dict-item]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_bits_are_those_without_it_and_less_is_kept(name: str) -> None:
    plain, held = passed(name, checkpointed=False)
    found, kept = passed(name, checkpointed=True)
    assert plain.keys() == found.keys()
    for key, value in plain.items():
        assert torch.equal(found[key], value), key
    assert kept < 0.6 * held, (kept, held)


def test_a_network_without_blocks_is_left_alone() -> None:
    assert checkpoint_gradients(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))) == []
