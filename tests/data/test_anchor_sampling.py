"""Data-anchor-sampling: what is drawn, and that boxes lie where the image shows the faces."""

import numpy as np
import pytest
import torch

from likeness.data.anchor_sampling import ANCHORS, anchor_sampled, draw_anchor_sample
from likeness.data.faces import Faces, Scene
from likeness.data.square import FILL
from likeness.randomness import generator


def scene_of(boxes: list[list[int]], size: tuple[int, int], ignored: list[bool] | None = None) -> Scene:
    """Faces are white on black."""
    image = torch.zeros(3, *size, dtype=torch.uint8)
    for x1, y1, x2, y2 in boxes:
        image[:, y1:y2, x1:x2] = 255
    tensor = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    points = ((tensor[:, :2] + tensor[:, 2:]) / 2)[:, None].expand(-1, 5, 2).clone()
    return Scene(
        image, Faces(tensor, points, torch.tensor(ignored or [False] * len(boxes), dtype=torch.bool))
    )


@pytest.mark.parametrize("side", [10.0, 40.0, 120.0, 900.0])
def test_sizes_are_drawn_as_the_paper_says(side: float) -> None:
    boxes = torch.tensor([[50.0, 60.0, 50 + side, 60 + side]])
    nearest = min(range(6), key=lambda i: abs(ANCHORS[i] - side))
    targets = range(min(5, nearest + 1) + 1)
    low, high = ANCHORS[0] / 2, 2 * ANCHORS[targets[-1]]
    drawn = [
        side * draw_anchor_sample(boxes, (2000, 2000), generator("sizes", seed)).scale for seed in range(1500)
    ]
    assert low <= min(drawn) < 1.2 * low
    assert 0.9 * high < max(drawn) <= high
    # Each target is as likely: below 24 is two thirds of the smallest and a ninth of the second, uniform in size.
    below = np.mean(np.array(drawn) < 24)
    expected = ((24 - 8) / 24 + (24 - 16) / 48) / len(targets)
    assert below == pytest.approx(expected, abs=0.05)


def test_the_square_holds_the_whole_face_inside_the_image_where_it_can() -> None:
    boxes = torch.tensor([[300.0, 20.0, 340.0, 70.0]])
    for seed in range(200):
        scale, left, top = draw_anchor_sample(boxes, (480, 800), generator("place", seed), side=256)
        x1, y1, x2, y2 = (scale * boxes[0]).tolist()
        assert left - 1e-6 <= x1
        assert x2 <= left + 256 + 1e-6
        assert top - 1e-6 <= y1
        assert y2 <= top + 256 + 1e-6
        for start, length in ((left, 800 * scale), (top, 480 * scale)):
            assert min(0, length - 256) - 1e-6 <= start <= max(0, length - 256) + 1e-6


@pytest.mark.parametrize("seed", range(25))
def test_boxes_and_points_lie_where_the_image_shows_the_face(seed: int) -> None:
    scene = scene_of([[70, 40, 110, 90]], (200, 240))
    image, faces = anchor_sampled(scene, generator("shown", seed), side=192)
    assert image.shape == (3, 192, 192)
    assert image.dtype == torch.uint8
    assert len(faces.boxes) == 1
    white = (image[0] > 127).nonzero().float()
    y1, x1 = white.amin(0).tolist()
    y2, x2 = (white.amax(0) + 1).tolist()
    if min(x2 - x1, y2 - y1) > 3:
        assert faces.boxes[0].tolist() == pytest.approx([x1, y1, x2, y2], abs=1.01)
        if faces.boxes.min() > 1 and faces.boxes.max() < 191:
            centre = (faces.boxes[0, :2] + faces.boxes[0, 2:]) / 2
            torch.testing.assert_close(faces.points[0, 0], centre, atol=1e-3, rtol=0)


def test_the_same_key_gives_the_same_scene_and_another_another() -> None:
    scene = scene_of([[70, 40, 110, 90], [10, 10, 30, 30]], (200, 240))
    first, again, other = (anchor_sampled(scene, generator("key", key), side=128) for key in (1, 1, 2))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.faces.boxes, again.faces.boxes)
    assert first.faces.boxes.shape != other.faces.boxes.shape or not torch.equal(
        first.faces.boxes, other.faces.boxes
    )
    assert scene.faces.boxes.tolist() == [[70, 40, 110, 90], [10, 10, 30, 30]]


def test_without_faces_an_image_keeps_its_size_and_is_filled_where_it_ends() -> None:
    image, faces = anchor_sampled(scene_of([], (50, 60)), generator("none", 0), side=128)
    assert len(faces.boxes) == 0
    assert int((image == 0).all(0).sum()) == 50 * 60
    colours = {tuple(colour) for colour in image.flatten(1).T.tolist()}
    assert colours == {(0, 0, 0), FILL}


def test_ignored_faces_are_not_drawn_but_stay_and_tiny_ones_become_ignored() -> None:
    scene = scene_of([[0, 0, 200, 200], [30, 30, 34, 34]], (200, 200), [True, False])
    for seed in range(40):
        scale = draw_anchor_sample(
            scene.faces.boxes[~scene.faces.ignored], (200, 200), generator("tiny", seed), side=128
        ).scale
        assert 2 <= scale <= 16  # of the face of 4 pixels alone
    shrunk = scene_of([[100, 100, 400, 400], [10, 10, 20, 20]], (500, 500))
    for seed in range(60):
        _, faces = anchor_sampled(shrunk, generator("small", seed), side=256)
        sides = (faces.boxes[:, 2:] - faces.boxes[:, :2]).min(1).values
        assert faces.ignored[sides < 4].all()
        whole = ((faces.boxes > 0) & (faces.boxes < 256)).all(1)
        assert not faces.ignored[whole & (sides >= 4)].any()


def test_a_small_face_in_a_large_image_is_not_enlarged_with_all_of_it() -> None:
    scene = scene_of([[2000, 1500, 2008, 1508]], (3000, 4000))
    image, faces = anchor_sampled(scene, generator("large", 3), side=640)
    assert image.shape == (3, 640, 640)
    assert len(faces.boxes) == 1
