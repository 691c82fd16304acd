"""The cascade: bad input, borders and batches with networks at random, and photographs with the authors' weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.ops import box_iou

from likeness.models.detectors import MTCNN, Detections, published_mtcnn
from likeness.models.detectors.mtcnn import FACTOR, SMALLEST_FACE
from likeness.models.detectors.mtcnn_networks import OutputNetwork, ProposalNetwork, RefinementNetwork
from likeness.models.detectors.mtcnn_stages import Windows, finish, propose, pyramid_scales, squared
from likeness.models.detectors.summed_areas import SummedAreas

CORNERS = np.array([1, 1, 0, 0])
"""From the peer's boxes, which count pixels from 1 and end with their last pixel, to corners."""

PEER = "pip install --no-deps facenet-pytorch==2.6.0 to compare with it"


def at_random(
    *,
    smallest_face: float = SMALLEST_FACE,
    factor: float = FACTOR,
    thresholds: Sequence[float] = (0.5, 0.4, 0.4),
) -> MTCNN:
    """Networks of which each sees a face in about half of what there is."""
    torch.manual_seed(0)
    networks = ProposalNetwork(), RefinementNetwork(), OutputNetwork()
    return MTCNN(*networks, smallest_face=smallest_face, factor=factor, thresholds=thresholds)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    """Grains of eight pixels, so that there is something to see at several scales."""
    draw = torch.Generator().manual_seed(seed)
    grains = torch.randint(0, 256, (3, -(-height // 8), -(-width // 8)), dtype=torch.uint8, generator=draw)
    return grains.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, :height, :width]


def assert_well_formed(found: Detections) -> None:
    count = len(found.boxes)
    assert found.boxes.shape == (count, 4)
    assert found.scores.shape == (count,)
    assert found.points.shape == (count, 5, 2)
    assert all(values.dtype == torch.float32 for values in found)
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert (found.scores.diff() <= 0).all()


def assert_same(one: Detections, other: Detections) -> None:
    for values, others in zip(one, other, strict=True):
        torch.testing.assert_close(values, others, rtol=0, atol=1e-3)


def test_scales_begin_at_the_smallest_face_and_end_at_the_shorter_side() -> None:
    scales = pyramid_scales(480, 640, 20, 0.709)
    assert scales[0] == 12 / 20
    assert scales[1] / scales[0] == pytest.approx(0.709)
    assert 12 <= 480 * scales[-1] < 12 / 0.709
    assert pyramid_scales(20, 99, 20, 0.709) == [0.6]
    assert pyramid_scales(19, 99, 20, 0.709) == []


def test_squares_keep_the_centre_and_the_longer_side() -> None:
    boxes = torch.tensor([[0.0, 10, 4, 20], [0, 0, 6, 2]])
    assert squared(boxes).tolist() == [[-3, 10, 7, 20], [0, -2, 6, 4]]


@pytest.mark.parametrize("size", [(1, 1), (19, 640), (640, 5)])
def test_an_image_below_the_smallest_face_has_none(size: tuple[int, int]) -> None:
    (found,) = at_random(thresholds=(0, 0, 0))(torch.zeros(1, 3, *size, dtype=torch.uint8))
    assert_well_formed(found)
    assert len(found.boxes) == 0


def test_an_image_of_the_smallest_face() -> None:
    (found,) = at_random(thresholds=(0, 0, 0))([noise(20, 20)])
    assert_well_formed(found)
    assert len(found.boxes) >= 1


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_no_face_by_one_of_the_networks(stage: int) -> None:
    thresholds = [0.0, 0.0, 0.0]
    thresholds[stage] = 1.0
    for found in at_random(thresholds=thresholds)([noise(60, 80), noise(30, 40)]):
        assert_well_formed(found)
        assert len(found.boxes) == 0


def test_an_empty_batch() -> None:
    assert at_random()([]) == []


def test_a_batch_of_different_sizes_is_its_images() -> None:
    images = [noise(90, 120), noise(1, 1), noise(61, 47, 1), torch.zeros(3, 40, 40, dtype=torch.uint8)]
    detector = at_random()
    together = detector(images)
    assert len(together[0].boxes) > 1
    assert len(together[2].boxes) > 1
    for found, image in zip(together, images, strict=True):
        assert_well_formed(found)
        assert_same(found, detector([image])[0])


def test_nothing_is_learned_from_detecting() -> None:
    found = at_random()([noise(60, 80)])[0]
    assert not any(values.requires_grad or values.is_inference() for values in found)


def test_32768_candidates() -> None:
    """P-Net sees a face in every window, of equal scores: more than an index of 16 bits counts."""
    network = ProposalNetwork().requires_grad_(False)
    for values in network.parameters():
        values.zero_()
    areas = SummedAreas(torch.zeros(3, 360, 400, dtype=torch.uint8))
    assert network(areas.resized(361, 401)).logits[0, 0].numel() > 32_768
    boxes, scores = propose(network, areas, [1.0], 0.5)
    assert (scores == 0.5).all()
    assert 32_768 / 6 < len(boxes) < 32_768
    overlaps = box_iou(boxes[:500] - torch.tensor([0, 0, 1, 1]), boxes - torch.tensor([0, 0, 1, 1]))
    assert ((overlaps > 0.5).sum(1) == 1).all()


def test_ties_are_decided_the_same_way_each_time() -> None:
    detector = at_random(thresholds=(0, 0, 0))
    for network in (detector.proposal, detector.refinement, detector.output):
        for name, values in network.named_parameters():
            if "_1." in name:  # what tells a face from none
                values.data.zero_()
    image = noise(60, 80)
    first, again, beside = (detector(images)[0] for images in ([image], [image], [image, noise(50, 50)]))
    assert len(first.boxes) > 1
    assert (first.scores == 0.5).all()
    assert torch.equal(first.boxes, again.boxes)
    assert_same(first, beside)


def test_broken_weights_find_nothing() -> None:
    """NaN and infinite offsets and scores: no failure, and none of them in what is found."""
    for value in (torch.nan, torch.inf, 1e30):
        for stage in ("proposal", "refinement", "output"):
            detector = at_random(thresholds=(0, 0, 0))
            for values in getattr(detector, stage).parameters():
                values.data.fill_(value)
            (found,) = detector([noise(40, 40)])
            assert_well_formed(found)
            assert found.boxes.isfinite().all()
            assert found.points.isfinite().all()


def test_a_window_over_the_border_is_filled_up_and_not_stretched() -> None:
    """O-Net gets the crop of a black frame around the image, and its answer is laid over the whole window."""
    white = SummedAreas(torch.full((3, 100, 100), 255, dtype=torch.uint8))
    window = torch.tensor([[-24.0, 10, 24, 58]])
    network, seen = OutputNetwork(), []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        found = finish(network, white, Windows(window, torch.ones(1)), 0.0)
        offsets, points = network(seen[0])[1:]
    assert (seen[0][..., :24] == -127.5 / 128).all()
    assert (seen[0][..., 24:] == 127.5 / 128).all()
    torch.testing.assert_close(found.boxes, window + 48 * offsets)
    torch.testing.assert_close(found.points, window[:, None, :2] + 48 * points)


@pytest.mark.parametrize(
    "image",
    [
        torch.zeros(3, 40, 40),
        torch.zeros(40, 40, 3, dtype=torch.uint8),
        torch.zeros(1, 40, 40, dtype=torch.uint8),
        torch.zeros(40, 40, dtype=torch.uint8),
        torch.zeros(3, 0, 40, dtype=torch.uint8),
        np.zeros((3, 40, 40), np.uint8),
    ],
    ids=["float", "channels last", "grey", "no channels", "no pixels", "array"],
)
def test_what_is_no_image_is_refused_in_one_sentence(image: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^A detector takes .*`images\[1\]` is .*\.$") as refused:
        at_random()([noise(40, 40), image])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"smallest_face": 0}, "smallest_face=0"),
        ({"smallest_face": float("nan")}, "smallest_face=nan"),
        ({"factor": 1.0}, "factor=1.0"),
        ({"factor": 0.0}, "factor=0.0"),
        ({"thresholds": (0.6, 0.7)}, r"thresholds=\[0.6, 0.7\]"),
        ({"thresholds": (0.6, 0.7, 1.1)}, r"thresholds=\[0.6, 0.7, 1.1\]"),
    ],
)
def test_numbers_out_of_range(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        at_random(**options)


def photographs(real_data: Path, count: int, *, frame: int = 0) -> list[Image.Image]:
    """Of 360 x 240 pixels, in a black frame."""
    names = [each["file"] for each in json.loads((real_data / "face_masks" / "annotations.json").read_text())]
    opened = (Image.open(real_data / "face_masks" / "images" / name) for name in names[:count])
    return [ImageOps.expand(image.convert("RGB").resize((360, 240)), border=frame) for image in opened]


def tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())


@pytest.mark.real_data
def test_photographs_in_a_frame_give_what_facenet_pytorch_gives(real_data: Path) -> None:
    """No window is over the border there, so all is equal: to a hundredth of a pixel and 1e-4 of a score."""
    peer = pytest.importorskip("facenet_pytorch", reason=PEER).MTCNN(keep_all=True, select_largest=False)
    images = photographs(real_data, 4, frame=120)
    found = published_mtcnn(real_data / "weights")([tensor(image) for image in images])
    assert sum(len(each.boxes) for each in found) > 10
    for image, (boxes, scores, points) in zip(images, found, strict=True):
        peer_boxes, peer_scores, peer_points = peer.detect(image, landmarks=True)
        np.testing.assert_allclose(boxes, peer_boxes.astype(float) - CORNERS, atol=0.01)
        np.testing.assert_allclose(scores, peer_scores.astype(float), atol=1e-4)
        np.testing.assert_allclose(points, peer_points.astype(float), atol=0.01)


@pytest.mark.real_data
def test_photographs_in_a_frame_give_what_is_stored(real_data: Path) -> None:
    """The boxes, scores and noses that facenet-pytorch 2.6.0 gave; Pillow may resize a little differently by now."""
    stored = [
        (
            [[345.231, 174.441, 373.005, 212.263], [174.1, 184.964, 196.06, 210.403]],
            [0.99821, 0.99586],
            [[359.47, 197.6], [186.54, 198.98]],
        ),
        (
            [[181.78, 195.247, 221.687, 254.818], [408.158, 165.271, 437.215, 206.629]],
            [0.98513, 0.89267],
            [[200.51, 232.77], [421.22, 191.07]],
        ),
        (
            [[420.393, 141.859, 448.664, 173.814], [333.041, 139.69, 355.394, 175.607]],
            [0.99945, 0.78263],
            [[433.51, 161.49], [335.85, 157.81]],
        ),
    ]
    images = [tensor(image) for image in photographs(real_data, 3, frame=120)]
    for found, (boxes, scores, noses) in zip(
        published_mtcnn(real_data / "weights")(images), stored, strict=True
    ):
        np.testing.assert_allclose(found.boxes, boxes, atol=0.05)
        np.testing.assert_allclose(found.scores, scores, atol=1e-3)
        np.testing.assert_allclose(found.points[:, 2], noses, atol=0.05)
