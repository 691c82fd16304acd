import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from plain_vgg import ours, torchvision_features
from torchvision.models.vgg import cfgs, make_layers

from likeness.models.features.vgg import vgg19_normalised
from likeness.models.features.vgg_architecture import layer_names

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    return torchvision_features("vgg19").state_dict()


def whole(state: State) -> State:
    """With the classifier and what is around it in a checkpoint of torchvision's."""
    return {f"features.{key}": value for key, value in state.items()} | {
        "classifier.0.bias": torch.ones(4096)
    }


def named(state: State) -> State:
    names = layer_names("vgg19")
    return {f"{names[int(key.split('.')[0])]}.{key.split('.')[1]}": value for key, value in state.items()}


@pytest.mark.parametrize("form", [whole, dict, named])
def test_each_form_of_a_file_gives_the_same_network(form: Any, state: State, tmp_path: Path) -> None:
    torch.save(form(state), tmp_path / "vgg19.pth")
    network = ours(weights=str(tmp_path / "vgg19.pth")).network
    assert network.conv1_1.weight.equal(state["0.weight"])
    assert network.conv5_1.weight.equal(state["28.weight"])
    assert network.conv5_1.bias.equal(state["28.bias"])


def test_a_file_may_end_after_the_layers_that_are_needed(state: State, tmp_path: Path) -> None:
    torch.save({key: value for key, value in state.items() if int(key.split(".")[0]) < 6}, tmp_path / "w.pth")
    ours(layers=["pool1", "conv2_1"], weights=str(tmp_path / "w.pth"))
    with pytest.raises(ValueError, match=r"those of vgg19: 7\.weight \(conv2_2\) is missing; choose"):
        ours(layers=["conv2_2"], weights=str(tmp_path / "w.pth"))


def test_another_network_is_told_even_where_the_two_begin_alike(state: State, tmp_path: Path) -> None:
    torch.save(whole(state), tmp_path / "vgg19.pth")
    torch.save(torchvision_features("vgg16").state_dict(), tmp_path / "vgg16.pth")
    torch.save(make_layers(cfgs["E"], batch_norm=True).state_dict(), tmp_path / "bn.pth")
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "resnet.pth")
    for words, sentence in (
        (
            {"name": "vgg16", "weights": "vgg19.pth"},
            r"features\.16\.weight has the shape \(256, 256, 3, 3\) and should",
        ),
        (
            {"name": "vgg19", "weights": "vgg16.pth"},
            r"17\.weight has the shape \(512, 256, 3, 3\) and should not",
        ),
        ({"name": "vgg19", "weights": "bn.pth"}, r"2\.weight \(conv1_2\) is missing"),
        ({"name": "vgg19", "weights": "resnet.pth"}, r"conv1_1\.weight \(conv1_1\) is missing"),
    ):
        words["weights"] = str(tmp_path / words["weights"])
        with pytest.raises(ValueError, match=r"\.pth are not those of vgg1.: .*" + sentence):
            ours(layers=["conv1_2"], **words)
    with pytest.raises(ValueError, match=r"those of vgg19_normalised: 0\.weight has the shape"):
        vgg19_normalised(
            weights=str(tmp_path / "vgg16.pth"), pooling="max", average_scale=2.0, layers=["conv1_1"]
        )


def test_a_missing_file_says_who_publishes_it() -> None:
    sentence = (
        r"^There is no weights file nowhere\.pth; torchvision publishes vgg19-dcbb9e9d\.pth, "
        r"which weights=hub downloads\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        ours(weights="nowhere.pth")
    with pytest.raises(ValueError, match=r"naoto0804/pytorch-AdaIN publishes vgg_normalised\.pth"):
        vgg19_normalised(weights="nowhere.pth", pooling="max", average_scale=2.0, layers=["conv1_1"])


def test_weights_that_are_cut_short_are_refused(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "w.pth")
    (tmp_path / "w.pth").write_bytes((tmp_path / "w.pth").read_bytes()[:10_000])
    with pytest.raises(ValueError, match=r"w\.pth can't be read as weights; is it whole\?"):
        ours(weights=str(tmp_path / "w.pth"))


def test_the_hub_is_torchvision_s(monkeypatch: pytest.MonkeyPatch, state: State) -> None:
    weights = torchvision.models.VGG19_Weights
    monkeypatch.setattr(weights, "get_state_dict", lambda self: whole(state))
    assert ours(weights="hub").network.conv3_4.weight.equal(state["16.weight"])

    def offline(self: object) -> State:
        raise ConnectionError

    monkeypatch.setattr(weights, "get_state_dict", offline)
    with pytest.raises(ValueError, match=r"of vgg19 could not be downloaded .* weights=PATH"):
        ours(weights="hub")


@pytest.mark.parametrize("layer", ["conv6_1", "relu5_5", "content", "conv1-1"])
def test_an_unknown_layer_lists_those_that_there_are(layer: str) -> None:
    with pytest.raises(ValueError, match=rf"^vgg19 has no layer {layer}; its layers are conv1_1, .*pool5\.$"):
        ours(layers=["conv1_1", layer])
    with pytest.raises(ValueError, match=r"No layer of vgg16 is asked for; name one, such as conv1_1\."):
        ours("vgg16", layers=[])


@pytest.mark.parametrize(
    ("network", "side"),
    [
        (lambda: ours(layers=["conv5_1"]), 16),
        (lambda: ours(layers=["conv1_1", "pool2"]), 4),
        (lambda: _normalised("relu4_1"), 9),
        (lambda: _normalised("pool3"), 5),
    ],
)
def test_an_image_that_is_too_small_is_told_the_least_side(network: Any, side: int) -> None:
    built = network()
    built(torch.rand(1, 3, side, side + 1))
    sentence = f"An image of {side + 1} x {side - 1} pixels is too small for the layer"
    with pytest.raises(ValueError, match=sentence + rf" \w+, which needs {side} on each side"):
        built(torch.rand(1, 3, side - 1, side + 1))


def _normalised(layer: str) -> Any:
    return vgg19_normalised(weights=None, pooling="max", average_scale=2.0, layers=[layer])


@pytest.mark.real_data
def test_the_trained_vgg16_of_the_data_pack(real_data: Path) -> None:
    path = real_data / "weights" / "vgg16-imagenet-features.pth"
    network = ours("vgg16", ["conv1_1", "relu5_3"], weights=str(path))
    trained = torchvision_features("vgg16")
    trained.load_state_dict(
        {re.sub(r"^features\.", "", key): value for key, value in torch.load(path, weights_only=True).items()}
    )
    images = torch.rand(1, 3, 64, 64)
    expected = trained[:-1]((images - network.mean) / network.std)  # all but the last pooling
    torch.testing.assert_close(network(images)["relu5_3"], expected, rtol=1e-4, atol=1e-4)
    assert ((network(images)["relu5_3"] > 0).float().mean()) < 0.5  # trained features are sparse
