import torch
from plain_vgg import MEAN, STD, ours
from torch import nn

from likeness.models.features import FeatureNetwork, freeze


def small() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Sequential(nn.Linear(5, 2)))


def test_a_frozen_network_gives_the_same_and_has_nothing_to_train_or_save() -> None:
    network = small().eval()
    images = torch.rand(2, 3, 7, 7)
    before = network(images)
    names = set(network.state_dict())
    freeze(network)
    assert network(images).equal(before)
    assert not network.state_dict()
    assert not list(network.parameters())
    assert {name for name, _ in network.named_buffers()} == names
    assert network.double()(images.double()).dtype == torch.float64
    assert network.to("meta")[0].weight.is_meta


def test_it_stays_in_evaluation_mode_within_a_task_that_trains() -> None:
    network = FeatureNetwork(_Named(small()), mean=MEAN, std=STD)
    task = nn.ModuleDict({"features": network, "other": nn.Dropout()}).train()
    assert not any(module.training for module in network.modules())
    assert task["other"].training
    images = torch.rand(2, 3, 7, 7)
    first = network(images)["last"]
    assert network(images)["last"].equal(first)
    assert not task.state_dict()


def test_other_networks_than_a_vgg_tell_no_receptive_field() -> None:
    network = FeatureNetwork(_Named(small()), mean=MEAN, std=STD)
    assert network.receptive_field is None
    assert network.stride is None


def test_the_gradient_reaches_the_images_alone() -> None:
    network = ours(layers=["relu1_1"])
    images = torch.rand(1, 3, 8, 8, requires_grad=True)
    network(images)["relu1_1"].sum().backward()
    assert images.grad is not None
    assert all(buffer.grad is None and not buffer.requires_grad for buffer in network.buffers())


class _Named(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"last": self.network(images)}
