"""Views of a detector, and voting: on detections that are known, and a detector that finds drawn squares."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from likeness.models.detectors import Detections, DetectorInViews, View, views, voted


def corners_of_squares(images: Sequence[Tensor]) -> list[Detections]:
    """Finds the one bright rectangle of an image; its points are where the colours of five pixels in it say."""
    found = []
    for image in images:
        rows, columns = (image[0] > 100).nonzero(as_tuple=True)
        if not len(rows):
            found.append(Detections(torch.empty(0, 4), torch.empty(0), torch.empty(0, 5, 2)))
            continue
        x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        box = torch.stack([x1, y1, x2, y2]).float()
        width, height = box[2] - box[0], box[3] - box[1]
        parts = torch.tensor([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.3, 0.8], [0.7, 0.8]])
        points = box[:2] + parts * torch.stack([width, height])
        found.append(Detections(box[None], torch.tensor([0.9]), points[None]))
    return found


def scene(height: int, width: int, x: int, y: int, side: int) -> Tensor:
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    image[:, y : y + side, x : x + side] = 255
    return image


@pytest.mark.parametrize("view", views([0.5, 1.0, 2.0]), ids=str)
def test_a_view_and_back(view: View) -> None:
    """Left stays left: the square's points are symmetric, so each comes back to its own place."""
    image = scene(60, 80, 12, 20, 16)
    there = view.back(corners_of_squares([view.of(image)])[0], image)
    straight = corners_of_squares([image])[0]
    torch.testing.assert_close(there.boxes, straight.boxes, rtol=0, atol=1.0)
    torch.testing.assert_close(there.points, straight.points, rtol=0, atol=1.0)


def test_a_mirrored_view_is_exact() -> None:
    image = scene(61, 83, 12, 20, 16)
    view = View(1.0, True)
    for one, other in zip(
        view.back(corners_of_squares([view.of(image)])[0], image), corners_of_squares([image])[0], strict=True
    ):
        torch.testing.assert_close(one, other)


def test_views_of_images_of_different_sizes_vote() -> None:
    images = [scene(60, 80, 12, 20, 16), torch.zeros(3, 5, 7, dtype=torch.uint8), scene(90, 40, 3, 50, 30)]
    detector = DetectorInViews(corners_of_squares, views([1.0, 2.0]))
    for image, found, straight in zip(images, detector(images), corners_of_squares(images), strict=True):
        assert len(found.boxes) == (0 if image.shape[1] == 5 else 1)
        torch.testing.assert_close(found.boxes, straight.boxes, rtol=0, atol=0.6)
        torch.testing.assert_close(found.scores, straight.scores)


def test_one_view_of_the_image_as_it_is_changes_nothing() -> None:
    images = [scene(60, 80, 12, 20, 16)]
    detector = DetectorInViews(corners_of_squares, views(mirrored=[False]))
    for one, other in zip(detector(images)[0], corners_of_squares(images)[0], strict=True):
        torch.testing.assert_close(one, other)


def test_no_view() -> None:
    with pytest.raises(ValueError, match=r"scales above 0, mirrored or not, but scales=\[\]"):
        views([])
    with pytest.raises(ValueError, match=r"but scales=\[0.0\]"):
        views([0.0])


def test_an_empty_batch_and_what_is_no_image() -> None:
    detector = DetectorInViews(corners_of_squares, views())
    assert detector([]) == []
    with pytest.raises(ValueError, match="uint8"):
        detector([torch.zeros(3, 4, 4)])


def test_a_box_without_a_partner_stays_as_it_is() -> None:
    """Of 0.9 and 0.3 at x = 0 and 4, the mean is at 1; points that one of both has are that one's."""
    points = torch.full((3, 5, 2), torch.nan)
    points[0, 0] = torch.tensor([0.0, 8.0])
    points[1, 0] = torch.tensor([4.0, 0.0])
    points[1, 1] = torch.tensor([7.0, 6.0])
    found = Detections(
        torch.tensor([[0.0, 0, 40, 40], [4, 0, 44, 40], [200, 200, 210, 230]]),
        torch.tensor([0.9, 0.3, 0.2]),
        points,
    )
    boxes, scores, new = voted(found)
    torch.testing.assert_close(boxes, torch.tensor([[1.0, 0, 41, 40], [200, 200, 210, 230]]))
    torch.testing.assert_close(scores, torch.tensor([0.9, 0.2]))
    torch.testing.assert_close(new[0, :2], torch.tensor([[1.0, 6.0], [7.0, 6.0]]))
    assert new[0, 2:].isnan().all()
    assert new[1].isnan().all()


def test_scores_of_zero_and_no_box_vote() -> None:
    boxes = torch.tensor([[0.0, 0, 4, 4], [9, 9, 12, 12]])
    found = voted(Detections(boxes, torch.zeros(2), torch.full((2, 5, 2), torch.nan)))
    torch.testing.assert_close(found.boxes, boxes)
    assert len(voted(Detections(torch.empty(0, 4), torch.empty(0), torch.empty(0, 5, 2))).boxes) == 0


def test_what_is_no_number_has_no_vote() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [torch.nan, 0, 10, 10], [0, 0, 10, 11]])
    scores, points = torch.tensor([0.9, 0.6, 0.8, torch.nan]), torch.full((4, 5, 2), torch.nan)
    alone = voted(Detections(boxes[:2], scores[:2], points[:2]), 0.3)
    for found, expected in zip(voted(Detections(boxes, scores, points), 0.3), alone, strict=True):
        torch.testing.assert_close(found, expected, equal_nan=True)
