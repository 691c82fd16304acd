"""MTCNN in training: which windows enter, what they are to say, and that three small networks learn it."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.lr_scheduler import LinearLR
from torchvision.ops import box_iou

from likeness.data.drawn_scenes import drawn_scenes
from likeness.data.faces import Faces
from likeness.models.detectors.mtcnn import fresh_mtcnn
from likeness.models.detectors.mtcnn_stages import squared
from likeness.tasks.detection import MTCNNTask
from likeness.tasks.detection.mtcnn_loss import box_loss, points_loss, score_loss
from likeness.tasks.detection.mtcnn_windows import Labelled, drawn_windows, labelled


def faces_of(boxes: list[list[float]], ignored: list[bool] | None = None) -> Faces:
    tensor = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    points = tensor[:, None, :2] + torch.tensor([0.3, 0.4]) * (tensor[:, 2:] - tensor[:, :2])[:, None]
    return Faces(
        tensor,
        points.expand(-1, 5, 2).clone(),
        torch.tensor(ignored or [False] * len(boxes), dtype=torch.bool),
    )


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_windows_are_labelled_by_their_overlap_with_the_nearest_face() -> None:
    faces = faces_of([[20, 20, 60, 60], [70, 10, 100, 40]])
    windows = drawn_windows(faces, (120, 120), 400)
    said = labelled(windows, faces, 10_000)
    overlap = box_iou(said.boxes, faces.boxes)
    best, own = overlap.max(1)
    assert said.face.sum() > 50 < (said.placed & ~said.face).sum()
    assert torch.equal(said.face, best > 0.65)
    assert torch.equal(said.placed, best > 0.4)
    assert torch.equal(said.counts, (best > 0.65) | (best < 0.3))
    assert torch.equal(said.edges[said.placed], faces.boxes[own[said.placed]])
    assert torch.equal(said.points[said.face], faces.points[own[said.face]])
    assert said.points[~said.face].isnan().all()
    sides = said.boxes[:, 2:] - said.boxes[:, :2]
    assert torch.equal(sides[:, 0], sides[:, 1])
    assert torch.equal(said.boxes, said.boxes.floor())


def test_the_shares_of_what_enters_are_kept() -> None:
    faces = faces_of([[20, 20, 60, 60]])
    said = labelled(drawn_windows(faces, (120, 120), 400), faces, 40)
    assert len(said.boxes) == 40
    assert int(said.face.sum()) == 10
    assert int((said.counts & ~said.face).sum()) == 20


def test_a_window_near_an_ignored_face_says_nothing() -> None:
    ignored = faces_of([[20, 20, 60, 60]], [True])
    near = squared(ignored.boxes + torch.randn(50, 4))
    assert len(labelled(near, ignored, 100).boxes) == 0
    far = torch.tensor([[80.0, 80.0, 100.0, 100.0]])
    assert labelled(far, ignored, 100).counts.tolist() == [True]


def test_an_image_without_faces_gives_background_alone() -> None:
    nobody = faces_of([])
    said = labelled(drawn_windows(nobody, (90, 60), 30), nobody, 20)
    assert len(said.boxes) == 10
    assert not said.placed.any()
    assert said.counts.all()
    assert (said.boxes >= 0).all()
    assert (said.boxes[:, 2] <= 61).all()


def windows_of(number: int) -> Labelled:
    faces = faces_of([[20, 20, 60, 60], [70, 10, 100, 40]])
    return labelled(drawn_windows(faces, (120, 120), number), faces, number)


def test_losses_are_those_of_the_paper_window_by_window() -> None:
    windows = windows_of(60)
    count = len(windows.boxes)
    logits, offsets, points = torch.randn(count, 2), torch.randn(count, 4), torch.randn(count, 5, 2)
    windows.points[windows.face.nonzero()[0, 0], 2] = torch.nan  # the nose of one isn't known
    scores, boxes, landmarks = [], [], []
    for row in range(count):
        x1, y1, x2, _ = windows.boxes[row].tolist()
        if windows.counts[row]:
            scores.append(float(-torch.log_softmax(logits[row], 0)[int(windows.face[row])]))
        if windows.placed[row]:
            wanted = (windows.edges[row] - torch.tensor([x1, y1, x2, y1 + x2 - x1])) / (x2 - x1 - 1)
            boxes.append(float((offsets[row] - wanted).pow(2).sum()))
        if windows.face[row]:
            wanted_points = (windows.points[row] - torch.tensor([x1, y1])) / (x2 - x1)
            landmarks.append(float((points[row] - wanted_points).pow(2).nansum()))
    hardest = sorted(scores, reverse=True)[: int(np.ceil(0.7 * len(scores)))]
    assert float(score_loss(logits, windows, 0.7)) == pytest.approx(np.mean(hardest), rel=1e-5)
    assert float(box_loss(offsets, windows, less=1)) == pytest.approx(np.mean(boxes), rel=1e-5)
    assert float(points_loss(points, windows)) == pytest.approx(np.mean(landmarks), rel=1e-5)


def test_without_windows_losses_are_zero_and_have_gradients() -> None:
    empty = Labelled(*(part[:0] for part in windows_of(20)))
    logits = torch.zeros(0, 2, requires_grad=True)
    score_loss(logits, empty, 0.7).backward()
    assert float(box_loss(torch.zeros(0, 4), empty, less=0)) == 0
    assert float(points_loss(torch.zeros(0, 5, 2), empty)) == 0


def task(**more: Any) -> MTCNNTask:
    network = fresh_mtcnn(smallest_face=12)
    return MTCNNTask(network, torch.optim.AdamW, LinearLR, windows=16, **more)


def scenes(number: int) -> tuple[Tensor, list[Faces]]:
    train = drawn_scenes(scenes=number, validation_scenes=0, test_scenes=1, seed=0, spatial_size=128).train
    assert train is not None
    loaded = train.load(range(number))
    return torch.stack([scene.image for scene in loaded]), [scene.faces for scene in loaded]


def test_each_network_is_trained_by_its_own_loss_alone() -> None:
    images, faces = scenes(2)
    for place, name in enumerate(("proposal", "refinement", "output")):
        one = task(stage_weights=[float(number == place) for number in range(3)])
        one.terms(images, faces).loss.backward()
        with_gradient = {key.split(".")[0] for key, p in one.network.named_parameters() if p.grad is not None}
        assert with_gradient == {name}


def test_later_networks_see_what_those_before_them_take_for_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    images, faces = scenes(2)
    seen: list[Tensor] = []

    def spy(windows: Tensor, *more: Any) -> Labelled:
        seen.append(windows)
        return labelled(windows, *more)

    monkeypatch.setattr("likeness.tasks.detection.mtcnn_task.labelled", spy)
    one = task()
    with torch.no_grad():
        one.network.proposal.conv4_1.bias.copy_(torch.tensor([-5.0, 5.0]))  # a face everywhere
        one.network.refinement.dense5_1.bias.copy_(torch.tensor([-5.0, 5.0]))
    one.terms(images, faces)
    by_drawing, by_proposal, by_refinement = seen[0], seen[2], seen[4]
    assert len(by_drawing) == 2 * 16
    assert len(by_drawing.unique(dim=0)) == len(by_drawing)
    assert len(by_proposal) == 2 * 16 + 64
    assert 2 * 16 < len(by_refinement) <= 2 * 16 + 64


def test_three_networks_learn_two_scenes_by_heart() -> None:
    images, faces = scenes(2)
    one = task()
    optimizer = torch.optim.AdamW(one.network.parameters(), 3e-3)
    for _ in range(100):
        terms = one.terms(images, faces)
        optimizer.zero_grad()
        terms.loss.backward()
        optimizer.step()
    first = functional.cross_entropy(torch.zeros(1, 2), torch.zeros(1).long())
    assert terms.loss.item() < 1.2 * float(first) * 3
    seen = one.network.points(images[0], faces[0].boxes)
    known = ~faces[0].ignored
    error = (seen - faces[0].points)[known].norm(dim=2).mean(1)
    side = (faces[0].boxes[:, 2:] - faces[0].boxes[:, :2])[known].amax(1)
    assert float((error / side).median()) < 0.15
