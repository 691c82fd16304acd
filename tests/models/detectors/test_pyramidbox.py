"""PyramidBox: shapes and numbers of the full size, what depends on what, and its answers by hand."""

from pathlib import Path

import pytest
import torch
from torchvision.models import vgg16

from likeness.models.detectors.pyramidbox import ANCHORS, NEGATIVES, STRIDES, PyramidBox
from likeness.models.detectors.vgg_trunk import VGGTrunk


def convolution(channels_in: int, channels_out: int, side: int) -> int:
    return (channels_in * side**2 + 1) * channels_out


def test_the_full_size_has_the_parameters_of_its_parts() -> None:
    with torch.device("meta"):
        network = PyramidBox(VGGTrunk())
        plain = vgg16(weights=None).features
    trunk = sum(p.numel() for p in plain.parameters())
    assert trunk == 14_714_688
    trunk += convolution(512, 1024, 3) + convolution(1024, 1024, 1)
    trunk += convolution(1024, 256, 1) + convolution(256, 512, 3)
    trunk += convolution(512, 128, 1) + convolution(128, 256, 3)
    assert sum(p.numel() for p in network.trunk.parameters()) == trunk
    channels = (256, 512, 512, 1024, 512, 256)
    pyramid = sum(
        convolution(above, own, 1) + convolution(own, own, 1)
        for own, above in ((256, 512), (512, 512), (512, 1024))
    )
    norms = 256 + 512 + 512
    context = 0
    for count in channels:
        context += count * 1024 + 2 * 1024  # a convolution without offset, and BatchNorm's two
        context += count * 256 + 256 * 256 * 9 + 256 * 1024 + 2 * (256 + 256 + 1024)
        context += convolution(1024, 256, 3) + convolution(1024, 128, 3) + 3 * convolution(128, 128, 3)
    predictors = 6 * convolution(512, 20, 3)
    number = sum(p.numel() for p in network.parameters())
    assert number == trunk + pyramid + norms + context + predictors == 57_318_712


def test_an_image_of_640_pixels_has_34125_anchors_one_in_each_cell() -> None:
    with torch.device("meta"):
        network = PyramidBox(VGGTrunk())
        outputs = network(torch.zeros(1, 3, 640, 640))
    assert outputs.face.log_odds.shape == outputs.head.log_odds.shape == outputs.body.log_odds.shape
    assert outputs.face.log_odds.shape == (1, 34125)
    assert outputs.body.offsets.shape == (1, 34125, 4)


@pytest.fixture(scope="module")
def small() -> PyramidBox:
    torch.manual_seed(0)
    return PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16).eval()


def test_anchors_are_four_cells_wide_and_centred(small: PyramidBox) -> None:
    anchors = small(torch.rand(1, 3, 128, 256)).face.anchors
    at = 0
    for stride, side in zip(STRIDES, ANCHORS, strict=True):
        assert side == 4 * stride
        rows, columns = 128 // stride, 256 // stride
        level = anchors[at : at + rows * columns].reshape(rows, columns, 4)
        assert level[-1, -1].tolist() == [
            256 - stride / 2 - side / 2,
            128 - stride / 2 - side / 2,
            256 - stride / 2 + side / 2,
            128 - stride / 2 + side / 2,
        ]
        at += rows * columns
    assert at == len(anchors)


def test_scores_are_the_greatest_of_each_kind_three_for_background_on_the_finest_map(
    small: PyramidBox,
) -> None:
    images = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    outputs = small(images)
    at = 0
    with torch.no_grad():
        for maps, predict, negatives in zip(small.maps(images), small.predictors, NEGATIVES, strict=True):
            raw = predict(maps)[0]
            assert raw.shape[0] == 20
            for y in range(raw.shape[1]):
                for x in range(raw.shape[2]):
                    logits = raw[:, y, x].tolist()
                    face = max(logits[negatives:4]) - max(logits[:negatives])
                    assert float(outputs.face.log_odds[0, at]) == pytest.approx(face, abs=1e-5)
                    assert outputs.face.offsets[0, at].tolist() == pytest.approx(logits[4:8], abs=1e-5)
                    assert float(outputs.head.log_odds[0, at]) == pytest.approx(
                        logits[9] - logits[8], abs=1e-5
                    )
                    assert outputs.head.offsets[0, at].tolist() == pytest.approx(logits[10:14], abs=1e-5)
                    assert float(outputs.body.log_odds[0, at]) == pytest.approx(
                        logits[15] - logits[14], abs=1e-5
                    )
                    assert outputs.body.offsets[0, at].tolist() == pytest.approx(logits[16:], abs=1e-5)
                    at += 1
    assert at == outputs.face.log_odds.shape[1]


def test_the_pyramid_begins_amid_the_trunk_and_leads_down(small: PyramidBox) -> None:
    maps = small.maps(torch.rand(1, 3, 128, 128))
    finest = torch.autograd.grad(
        maps[0].sum(), list(small.trunk.parameters()), retain_graph=True, allow_unused=True
    )
    reached = {
        name: grad is not None and bool(grad.abs().sum() > 0)
        for (name, _), grad in zip(small.trunk.named_parameters(), finest, strict=True)
    }
    assert all(value for name, value in reached.items() if name.startswith("fc."))  # from fc7 on down
    assert not any(value for name, value in reached.items() if name.startswith("extra."))
    coarse = torch.autograd.grad(maps[4].sum(), list(small.merges.parameters()), allow_unused=True)
    assert all(grad is None for grad in coarse)


def test_low_maps_have_the_norms_of_the_paper(small: PyramidBox) -> None:
    for norm, expected in zip(small.norms, (10, 8, 5), strict=True):
        maps = norm(torch.randn(2, len(norm.scale), 3, 3))
        torch.testing.assert_close(maps.norm(dim=1), torch.full((2, 3, 3), float(expected)))


@pytest.mark.real_data
def test_weights_of_vgg16_give_its_maps(real_data: Path) -> None:
    path = real_data / "weights" / "vgg16-imagenet-features.pth"
    trunk = VGGTrunk(1.0, batch_norm=False)
    trunk.load(path)
    with torch.device("meta"):
        plain = vgg16(weights=None).features
    state = torch.load(path, weights_only=True)
    plain.load_state_dict(
        {name.removeprefix("features."): value for name, value in state.items()}, assign=True
    )
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        maps = trunk(images)
        torch.testing.assert_close(maps[0], plain[:16](images))
        torch.testing.assert_close(maps[2], plain[:30](images))


def test_weights_of_vgg16_fit_its_own_width_alone() -> None:
    with torch.device("meta"):
        trunks = VGGTrunk(0.25, batch_norm=False), VGGTrunk(1.0, batch_norm=True)
    for trunk in trunks:
        with pytest.raises(ValueError, match="width=1"):
            trunk.load("weights.pth")
