"""O-Net's points in training: what turned windows show, where points lie in them, and that a small set is learnt."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LinearLR

from likeness.data.drawn_scenes import drawn_scenes
from likeness.data.faces import Faces, Scene
from likeness.models.detectors.mtcnn_networks import OutputNetwork
from likeness.models.detectors.summed_areas import SummedAreas
from likeness.tasks.detection import LandmarksTask
from likeness.tasks.detection.landmarks_task import landmark_errors_of, measurable
from likeness.tasks.detection.turned_windows import TurnedWindows, crops_of, points_of, turned_windows


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def window(x: float, y: float, side: float, degrees: float = 0) -> TurnedWindows:
    return TurnedWindows(torch.tensor([[x, y]]), torch.tensor([side]), torch.tensor([math.radians(degrees)]))


@pytest.mark.parametrize("place", [(50, 40), (10, 75)])
def test_an_upright_window_shows_what_the_detector_looks_at(place: tuple[int, int]) -> None:
    image = torch.randint(0, 256, (3, 90, 100), dtype=torch.uint8)
    x, y = place
    shown = crops_of(image[None], window(x, y, 48), 24)  # two places looked up a pixel: its own four pixels
    asked = torch.tensor([[x - 24, y - 24, x + 24, y + 24]])
    assert torch.allclose(shown, SummedAreas(image).crops(asked, 24), atol=1e-2)


@pytest.mark.parametrize("degrees", [0, 30, -75])
def test_a_point_lies_in_the_window_where_its_mark_is_seen(degrees: float) -> None:
    image = torch.zeros(1, 3, 90, 100, dtype=torch.uint8)
    image[:, :, 30:33, 60:63] = 255
    tilted = window(52, 40, 60, degrees)
    inside = points_of(torch.tensor([[[61.5, 31.5]]]), tilted)[0, 0]
    crop = crops_of(image, tilted, 48)[0, 0]
    grid = torch.stack(torch.meshgrid(torch.arange(48), torch.arange(48), indexing="xy"), 2) + 0.5
    seen = (crop[..., None] * grid).sum((0, 1)) / crop.sum() / 48
    assert torch.allclose(inside, seen, atol=0.005)


def test_a_window_that_turns_clockwise_sees_its_right_side_below() -> None:
    right = points_of(torch.tensor([[[80.0, 40.0]]]), window(50, 40, 60, 90))[0, 0]
    assert torch.allclose(right, torch.tensor([0.5, 0.0]), atol=1e-6)


def test_windows_are_spread_as_they_are_asked_to_be() -> None:
    boxes = torch.tensor([[20.0, 10.0, 60.0, 70.0]]).repeat(4000, 1)
    centres, sides, angles = turned_windows(boxes, turn=20.0, zoom=0.3, shift=0.1)
    assert float(angles.std()) == pytest.approx(math.radians(20), rel=0.05)
    assert float(angles.abs().max()) <= math.radians(50) + 1e-6
    assert float(sides.min()) == pytest.approx(60 * math.exp(-0.3), rel=0.01)
    assert float(sides.max()) == pytest.approx(60 * math.exp(0.3), rel=0.01)
    assert float((centres - torch.tensor([40.0, 40.0])).abs().max()) == pytest.approx(6, rel=0.01)
    still = turned_windows(boxes[:1], turn=0.0, zoom=0.0, shift=0.0)
    assert [part.tolist() for part in still] == [[[40.0, 40.0]], [60.0], [0.0]]


def scenes(number: int) -> list[Scene]:
    train = drawn_scenes(scenes=number, validation_scenes=0, test_scenes=1, seed=0, spatial_size=128).train
    assert train is not None
    return train.load(range(number))


def task(**more: Any) -> LandmarksTask:
    return LandmarksTask(OutputNetwork(), torch.optim.AdamW, LinearLR, **more)


def test_faces_that_can_not_be_measured_are_left_out() -> None:
    boxes = torch.tensor([[10.0, 10.0, 50.0, 50.0]]).repeat(5, 1)
    points = torch.rand(5, 5, 2) * 40 + 10
    points[1, 3, 0] = torch.nan
    points[2, 1] = points[2, 0]
    boxes[3, 2] = 10
    faces = Faces(boxes, points, torch.tensor([False, False, False, False, True]))
    assert measurable(faces).tolist() == [0]
    image = torch.zeros(3, 60, 60, dtype=torch.uint8)
    assert landmark_errors_of(OutputNetwork(), Scene(image, faces)).shape == (1,)


@pytest.mark.parametrize("there", [True, False])
def test_all_but_the_heads_for_scores_and_boxes_are_trained(there: bool) -> None:
    image, faces = scenes(1)[0]
    nobody = Faces(faces.boxes[:0], faces.points[:0], faces.ignored[:0])
    one = task(windows=3)
    one.loss(image[None], [faces if there else nobody]).backward()
    still = {name for name, p in one.network.named_parameters() if not p.requires_grad}
    assert {name.split(".")[0] for name in still} == {"dense6_1", "dense6_2"}
    gradients = {name: parameter.grad for name, parameter in one.network.named_parameters()}
    assert {name for name, gradient in gradients.items() if gradient is None} == still
    reached = [gradient for gradient in gradients.values() if gradient is not None]
    assert not there or all(float(gradient.abs().sum()) > 0 for gradient in reached)


def test_the_loss_is_the_measured_error_where_windows_are_the_annotated_boxes() -> None:
    some = scenes(4)
    one = task(turn=0.0, zoom=0.0, shift=0.0)
    for image, faces in some:
        large = faces.boxes[:, 3] - faces.boxes[:, 1] > 30
        kept = [int(place) for place in measurable(faces) if large[place]]
        for place in kept:
            face = Faces(*(part[place : place + 1] for part in faces))
            eyes = float((face.points[0, 0] - face.points[0, 1]).norm())
            side = float((face.boxes[0, 2:] - face.boxes[0, :2]).max())
            if eyes > 0.1 * side:  # below the loss counts with a larger distance of the eyes
                (measured,) = landmark_errors_of(one.network, Scene(image, face))
                assert one.loss(image[None], [face]).item() == pytest.approx(measured, rel=0.05)


def test_points_of_a_few_faces_are_learnt_by_heart() -> None:
    some = scenes(2)
    images: Tensor = torch.stack([scene.image for scene in some])
    one = task(windows=8, turn=0.0, zoom=0.05, shift=0.02)
    before = one.loss(images, [scene.faces for scene in some]).item()
    optimizer = torch.optim.AdamW([p for p in one.parameters() if p.requires_grad], 3e-3)
    for _ in range(60):
        loss = one.loss(images, [scene.faces for scene in some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3 * before
