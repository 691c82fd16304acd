from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from plain_vgg import ASKED, MEAN, gradients, ours, plain, torchvision_features
from torch import nn

from likeness.models.features.vgg import vgg19_normalised
from likeness.models.features.vgg_architecture import layer_names

GATYS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "conv4_2", "relu5_1"]
JOHNSON = ["relu1_2", "relu2_2", "relu3_3", "relu4_3"]
BOTH = ["conv1_1", "relu1_1", "conv1_2", "pool1", "conv2_2", "relu2_2", "pool2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`vgg16.pth` and `vgg19.pth` with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("vgg16", "vgg19"):
        torch.manual_seed(1)
        state = torchvision_features(name).state_dict()
        torch.save({f"features.{key}": value for key, value in state.items()}, folder / f"{name}.pth")
    return folder


def from_file(folder: Path, name: str) -> nn.Sequential:
    with torch.device("meta"):  # nothing is drawn that the file replaces
        features = torchvision_features(name)
    state = torch.load(folder / f"{name}.pth", weights_only=True)
    own = {key.removeprefix("features."): value for key, value in state.items()}
    features.load_state_dict(own, assign=True)
    return features.requires_grad_(False)


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("layers", [ASKED, GATYS, BOTH, ["pool5"]])
def test_activations_and_gradients_are_the_plain_network_s(
    folder: Path, layers: list[str], pooling: str
) -> None:
    features = from_file(folder, "vgg19").double()
    for place, layer in enumerate(features):
        if pooling == "average" and isinstance(layer, nn.MaxPool2d):
            features[place] = nn.Sequential(nn.AvgPool2d(2), _Times(1.5))
    network = ours(
        layers=layers, weights=str(folder / "vgg19.pth"), pooling=pooling, average_scale=1.5
    ).double()
    images = torch.rand(2, 3, 37, 50, dtype=torch.float64, requires_grad=True)
    expected, got = plain(features, "vgg19", images, layers), network(images)
    assert list(got) == list(expected)
    for layer in expected:
        torch.testing.assert_close(got[layer], expected[layer], rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(gradients(got, images), gradients(expected, images), rtol=1e-9, atol=1e-9)


class _Times(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.factor * maps


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_in_float32_to_a_hundred_thousandth(folder: Path, name: str) -> None:
    features, network = from_file(folder, name), ours(name, weights=str(folder / f"{name}.pth"))
    torch.manual_seed(0)
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    expected, got = plain(features, name, images, ASKED), network(images)
    for layer in ASKED:
        assert _error(got[layer], expected[layer]) < 1e-5
    # In another layout sums round otherwise, which turns a ReLU off here and there, and that is no small change.
    features = features.to(memory_format=torch.channels_last)
    expected = plain(features, name, images.contiguous(memory_format=torch.channels_last), ASKED)
    assert _error(gradients(got, images), gradients(expected, images)) < 1e-5


def test_under_autocast_it_runs_in_bfloat16_and_the_gradient_comes_back_in_float32(folder: Path) -> None:
    features, network = from_file(folder, "vgg19"), ours(weights=str(folder / "vgg19.pth"))
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    exact = plain(features, "vgg19", images, ASKED)
    with torch.autocast("cpu", torch.bfloat16):
        got, autocast = network(images), plain(features, "vgg19", images, ASKED)
    assert {maps.dtype for maps in got.values()} == {torch.bfloat16}
    for layer in ASKED:  # half precision costs no more than it does anybody
        assert _error(got[layer], exact[layer]) < 1.2 * _error(autocast[layer], exact[layer]) < 0.03
    by_images = gradients(got, images)
    assert by_images.dtype == torch.float32
    assert _error(by_images, gradients(exact, images)) < 0.2
    assert {maps.dtype for maps in network(images).values()} == {torch.float32}


def test_under_autocast_weights_are_cast_once() -> None:
    network = ours()
    images = torch.rand(1, 3, 32, 32)
    casts = []
    for _ in range(2):
        with torch.autocast("cpu", torch.bfloat16), torch.autograd.profiler.profile() as operators:
            network(images)
        casts.append(sum(event.name == "aten::_to_copy" for event in operators.function_events))
    assert casts[0] > 2 * len(ASKED)
    assert casts[1] == 1  # of the image


def _error(got: torch.Tensor, exact: torch.Tensor) -> float:
    return float((got.detach().float() - exact.detach()).norm() / exact.detach().norm())


@pytest.mark.parametrize("layers", [BOTH, JOHNSON])
def test_what_is_handed_out_is_not_written_to_again(folder: Path, layers: list[str]) -> None:
    network = ours(layers=layers, weights=str(folder / "vgg19.pth"))
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    got = network(images)
    before = {layer: maps.detach().clone() for layer, maps in got.items()}
    weights = [torch.randn_like(maps) for maps in got.values()]
    handed_in = [weight.clone() for weight in weights]
    torch.autograd.grad(list(got.values()), images, weights)
    network(torch.rand(1, 3, 32, 32))
    for layer, maps in got.items():
        assert maps.equal(before[layer])
    assert all(weight.equal(original) for weight, original in zip(weights, handed_in, strict=True))
    assert (before[layers[0]] < 0).any() == layers[0].startswith("conv")


def test_layers_that_get_no_gradient_are_passed_over(folder: Path) -> None:
    features = from_file(folder, "vgg19").double()
    network = ours(weights=str(folder / "vgg19.pth")).double()
    images = torch.rand(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    got, expected = (
        torch.autograd.grad(activations["conv2_1"].square().sum(), images)[0]
        for activations in (network(images), plain(features, "vgg19", images, ASKED))
    )
    torch.testing.assert_close(got, expected)


def test_less_than_half_of_what_autograd_keeps_is_kept(folder: Path) -> None:
    features, network = from_file(folder, "vgg19"), ours(weights=str(folder / "vgg19.pth"))
    images = torch.rand(1, 3, 128, 128, requires_grad=True)

    def kept(run: Any) -> int:
        storages = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            storages[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            activations = run()
        weights = {weight.data_ptr() for weight in features.parameters()}
        handed_out = {maps.data_ptr() for maps in activations.values()}
        return sum(size for place, size in storages.items() if place not in weights | handed_out)

    theirs = kept(lambda: plain(features, "vgg19", images, ASKED))
    assert kept(lambda: network(images)) < theirs / 2


def test_it_ends_at_the_deepest_layer_and_leaves_no_hook(folder: Path) -> None:
    network = ours(layers=["relu3_1", "conv1_2"], weights=str(folder / "vgg19.pth"))
    network(torch.rand(1, 3, 16, 16))
    names = [name for name, _ in network.network.named_children()]
    assert names[-2:] == ["conv3_1", "relu3_1"]
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks


def test_a_relu_that_overwrites_and_one_that_must_not(folder: Path) -> None:
    network = ours(layers=["conv1_1", "relu1_1"], weights=str(folder / "vgg19.pth"))
    got = network(torch.rand(1, 3, 8, 8))
    assert got["conv1_1"].min() < 0
    assert got["relu1_1"].equal(got["conv1_1"].relu())


def test_layers_asked_for_twice_or_out_of_order_come_once_and_in_order() -> None:
    network = ours(layers=["relu2_1", "conv1_1", "relu2_1"])
    assert list(network(torch.rand(1, 3, 8, 8))) == ["conv1_1", "relu2_1"]


def test_replicated_edges_and_blue_first_are_what_they_say(folder: Path) -> None:
    path = str(folder / "vgg16.pth")
    first = from_file(folder, "vgg16")[0]
    images = torch.rand(1, 3, 9, 7, requires_grad=True)
    network = ours("vgg16", ["conv1_1"], weights=path, padding_mode="replicate")
    normalised = (images - network.mean) / network.std
    expected = F.conv2d(F.pad(normalised, (1, 1, 1, 1), "replicate"), first.weight, first.bias)
    got = network(images)
    torch.testing.assert_close(got["conv1_1"], expected)
    torch.testing.assert_close(gradients(got, images), gradients({"conv1_1": expected}, images))
    caffe = ours("vgg16", ["conv1_1"], weights=path, channel_order="bgr", std=[1 / 255] * 3)
    blue_first = (255 * (images - torch.tensor(MEAN).view(3, 1, 1))).flip(1)
    torch.testing.assert_close(caffe(images)["conv1_1"], first(blue_first), rtol=1e-4, atol=1e-3)


def test_random_weights_keep_the_scale_and_are_the_seed_s() -> None:
    torch.manual_seed(0)
    network = ours(layers=["conv5_4"])
    images = torch.rand(1, 3, 64, 64)
    deep = network(images)["conv5_4"]
    assert 0.1 < deep.std() < 10
    torch.manual_seed(0)
    assert ours(layers=["conv5_4"])(images)["conv5_4"].equal(deep)


@pytest.mark.parametrize("size", [(64, 64), (51, 40)])
def test_the_normalised_network_is_adain_s_sequence(tmp_path: Path, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    modules: list[nn.Module] = [nn.Conv2d(3, 3, 1)]
    for module in torchvision_features("vgg19"):
        if isinstance(module, nn.Conv2d):
            module.padding = (0, 0)
            modules.append(nn.ReflectionPad2d(1))
        modules.append(nn.MaxPool2d(2, ceil_mode=True) if isinstance(module, nn.MaxPool2d) else module)
    sequence = nn.Sequential(*modules).double().requires_grad_(False)
    torch.save(sequence.state_dict(), tmp_path / "vgg_normalised.pth")
    layers = ["conv0", "relu1_1", "relu2_1", "relu3_1", "relu4_1", "pool4"]
    network = vgg19_normalised(
        weights=str(tmp_path / "vgg_normalised.pth"), pooling="max", average_scale=2.0, layers=layers
    ).double()
    network.network.load_state_dict({}, strict=True)  # nothing of it is in a checkpoint
    images = torch.rand(1, 3, *size, dtype=torch.float64, requires_grad=True)
    names = [m for name in layer_names("vgg19") for m in ((["pad"] if name[:4] == "conv" else []) + [name])]
    maps, expected = images, {}
    for name, module in zip(["conv0", *names], sequence, strict=True):
        maps = module(maps)
        if name in layers:
            expected[name] = maps
    got = network(images)
    for layer in layers:  # the weights went through float32
        torch.testing.assert_close(got[layer], expected[layer], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradients(got, images), gradients(expected, images), rtol=1e-4, atol=1e-4)
