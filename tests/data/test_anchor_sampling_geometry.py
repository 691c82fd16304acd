"""Data-anchor-sampling: sizes as section 3.3 of PyramidBox draws them, squares that hold the face, boxes on pixels."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from likeness.data.anchor_sampling import ANCHORS, anchor_sampled, draw_anchor_sample
from likeness.data.faces import Faces, Scene
from likeness.randomness import generator

SIDE = 160
BACKGROUND, FACE = 0, 255


def scene(height: int, width: int, *boxes: list[float], ignored: tuple[int, ...] = ()) -> Scene:
    """Each face is a white box on black, of whole pixels; its eyes are two of its corners, the other points unknown."""
    image = torch.full((3, height, width), BACKGROUND, dtype=torch.uint8)
    places = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    for x1, y1, x2, y2 in places.clamp(min=0).int().tolist():
        image[:, y1:y2, x1:x2] = FACE
    points = torch.full((len(places), 5, 2), math.nan)
    points[:, 0], points[:, 1] = places[:, :2], places[:, 2:]
    kept_out = torch.tensor([row in ignored for row in range(len(places))], dtype=torch.bool)
    return Scene(image, Faces(places, points, kept_out))


def drawn_scene(seed: int) -> Scene:
    """One face of whole pixels somewhere in an image of any shape."""
    draw = generator("scene", seed)
    height, width = (int(length) for length in draw.integers(60, 500, 2))
    w, h = int(draw.integers(12, width)), int(draw.integers(12, height))
    x, y = int(draw.integers(0, width - w + 1)), int(draw.integers(0, height - h + 1))
    return scene(height, width, [x, y, x + w, y + h])


def size_of(box: Tensor) -> float:
    return float((box[2:] - box[:2]).prod().sqrt())


@pytest.mark.parametrize(
    ("length", "targets"),
    [
        (5, [16, 32]),
        (20, [16, 32]),
        (40, [16, 32, 64]),
        (100, [16, 32, 64, 128, 256]),
        (480, list(ANCHORS)),
        (2000, list(ANCHORS)),
    ],
)
def test_sizes_are_drawn_between_half_and_twice_an_anchor_up_to_one_above_the_nearest(
    length: float, targets: list[float]
) -> None:
    boxes = torch.tensor([[10.0, 10, 10 + length / 2, 10 + 2 * length]])
    draw = generator("sizes", 0)
    sizes = np.sort([draw_anchor_sample(boxes, (4000, 4000), draw).scale * length for _ in range(3000)])
    assert sizes[0] >= min(targets) / 2
    assert sizes[-1] <= 2 * max(targets)
    chance = np.mean([np.clip((sizes - target / 2) / (1.5 * target), 0, 1) for target in targets], axis=0)
    seen = (np.arange(3000) + 0.5) / 3000
    assert np.abs(chance - seen).max() < 1.95 / math.sqrt(3000)  # Kolmogorov's bound at one in a thousand


def test_each_face_is_drawn_as_often_and_no_ignored_or_flat_one_is() -> None:
    boxes = torch.tensor([[0.0, 0, 20, 20], [0, 0, 400, 400], [7, 7, 7, 90]])
    draw = generator("faces", 0)
    scales = np.array([draw_anchor_sample(boxes, (500, 500), draw).scale for _ in range(400)])
    # Scales of the 20-pixel face are .4 to 3.2, those of the 400-pixel one .02 to 2.56, six in ten of them below .4.
    assert 0.2 < (scales < 0.4).mean() < 0.4
    ignored = scene(500, 500, [0, 0, 20, 20], [0, 0, 400, 400], ignored=(1,))
    for key in range(40):
        factor = size_of(anchor_sampled(ignored, generator("ignored", key), side=2000).faces.boxes[0]) / 20
        assert 0.35 < factor < 3.4


@pytest.mark.parametrize("seed", range(40))
def test_the_square_holds_the_face_and_the_box_lies_on_its_pixels(seed: int) -> None:
    whole = drawn_scene(seed)
    sampled = anchor_sampled(whole, generator("square", seed), side=SIDE)
    assert sampled.image.shape == (3, SIDE, SIDE)
    assert sampled.image.dtype == torch.uint8
    height, width = whole.image.shape[1:]
    scale = draw_anchor_sample(whole.faces.boxes, (height, width), generator("square", seed), side=SIDE).scale
    (box,), (before,) = sampled.faces.boxes, whole.faces.boxes
    sides, wanted = box[2:] - box[:2], (before[2:] - before[:2]) * scale
    near = 1 + max(1.0, scale)  # a pixel of the square and one of the image
    for axis in range(2):
        # A face larger than the square fills it; else the whole of it is in it.
        assert float(sides[axis]) == pytest.approx(min(float(wanted[axis]), SIDE), abs=near)
    white = (sampled.image[0] > 200) & (sampled.image[2] > 200)
    rows, columns = white.any(1).nonzero()[:, 0], white.any(0).nonzero()[:, 0]
    if float(wanted.min()) > 6:
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        for edge, pixel in zip(box.tolist(), found, strict=True):
            assert edge == pytest.approx(float(pixel), abs=near)


@pytest.mark.parametrize("seed", range(20))
def test_points_move_with_their_box_and_unknown_ones_stay_unknown(seed: int) -> None:
    whole = drawn_scene(seed)
    sampled = anchor_sampled(whole, generator("points", seed), side=SIDE)
    (box,), (points,) = sampled.faces.boxes, sampled.faces.points
    torch.testing.assert_close(points[:2].reshape(4).clamp(0, SIDE), box)
    assert points[2:].isnan().all()


def test_is_a_function_of_the_scene_and_the_key() -> None:
    whole = drawn_scene(1)
    image, boxes = whole.image.clone(), whole.faces.boxes.clone()
    first, again, other = (anchor_sampled(whole, generator("key", key), side=SIDE) for key in (0, 0, 1))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.faces.boxes, again.faces.boxes)
    assert not torch.equal(first.faces.boxes, other.faces.boxes)
    assert torch.equal(whole.image, image)
    assert torch.equal(whole.faces.boxes, boxes)


def test_a_face_that_became_small_is_ignored_and_one_outside_is_left_out() -> None:
    whole = scene(400, 400, [100, 100, 300, 300], [310, 310, 314, 314], [0, 0, 12, 12])
    kept, ignored = set(), 0
    for key in range(60):
        faces = anchor_sampled(whole, generator("small", key), side=64).faces
        kept.add(len(faces.boxes))
        sides = (faces.boxes[:, 2:] - faces.boxes[:, :2]).amin(1)
        cut_off = ((faces.boxes <= 0) | (faces.boxes >= 64)).any(1)
        assert faces.ignored[sides < 4].all()
        assert not faces.ignored[~cut_off & (sides >= 4)].any()
        ignored += int(faces.ignored.sum())
        assert len(faces.boxes) == len(faces.points) == len(faces.ignored)
        assert ((faces.boxes >= 0) & (faces.boxes <= 64)).all()
    assert len(kept) > 1
    assert ignored


@pytest.mark.parametrize(
    ("height", "width", "boxes"),
    [
        (300, 200, []),
        (1, 1, []),
        (1, 1, [[0.0, 0, 1, 1]]),
        (1, 700, [[3.0, 0, 9, 1]]),
        (90, 90, [[5.0, 5, 5, 40], [8, 8, 8, 8]]),
        (90, 90, [[-40.0, -40, 30, 30]]),
        (90, 90, [[60.0, 60, 400, 400]]),
        (90, 90, [[200.0, 200, 240, 240]]),
        (90, 90, [[80.0, 80, 20, 20]]),
    ],
    ids=[
        "none",
        "one pixel",
        "one pixel, a face",
        "one row",
        "no area",
        "over the corner",
        "far over",
        "outside",
        "turned",
    ],
)
@pytest.mark.parametrize("key", range(5))
def test_odd_images_and_boxes(height: int, width: int, boxes: list[list[float]], key: int) -> None:
    sampled = anchor_sampled(scene(height, width, *boxes), generator("odd", key), side=SIDE)
    assert sampled.image.shape == (3, SIDE, SIDE)
    faces = sampled.faces
    assert faces.boxes.isfinite().all()
    assert ((faces.boxes >= 0) & (faces.boxes <= SIDE)).all()
    flat = ((faces.boxes[:, 2:] - faces.boxes[:, :2]) < 4).any(1)
    assert faces.ignored[flat].all()


def test_without_a_face_the_image_keeps_its_size_and_the_square_lies_within() -> None:
    whole = scene(300, 420)
    for key in range(20):
        sample = draw_anchor_sample(whole.faces.boxes, (300, 420), generator("none", key), side=SIDE)
        assert sample.scale == 1
        assert 0 <= sample.left <= 420 - SIDE
        assert 0 <= sample.top <= 300 - SIDE
