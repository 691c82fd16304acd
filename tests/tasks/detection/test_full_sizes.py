"""The networks of the papers' size: two images are learnt until half of the loss is gone. Minutes; outside of CI."""

from collections.abc import Callable

import pytest
import torch
from face_scenes import two_scenes
from torch import Tensor, nn

from likeness.data.faces import Faces
from likeness.models.detectors.face_rcnn import face_rcnn_vgg19
from likeness.models.detectors.pyramidbox import pyramidbox_vgg16
from likeness.models.detectors.tiny_faces import TinyFaces
from likeness.tasks.detection import FaceRCNNLoss, pyramidbox_loss, tiny_faces_loss

Learner = tuple[nn.Module, Callable[[Tensor, list[Faces]], Tensor]]


def tiny_faces_resnet101() -> Learner:
    network = TinyFaces("resnet101", [[8.0 + 2 * k, 10.0 + 2.4 * k] for k in range(25)])
    return network, lambda images, faces: tiny_faces_loss(network, images, faces).loss


def face_rcnn() -> Learner:
    network = face_rcnn_vgg19(shorter_sides=(128,), longer_side=128, test_sides=(128,))
    criterion = FaceRCNNLoss(network.feature_dim)
    return network, lambda images, faces: criterion(network, list(images), faces).loss


def pyramidbox() -> Learner:
    network = pyramidbox_vgg16()
    return network, lambda images, faces: pyramidbox_loss(network, images, faces).loss


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "steps", "rate"),
    [
        (tiny_faces_resnet101, 12, 3e-4),
        (face_rcnn, 36, 2e-4),
        (pyramidbox, 12, 3e-4),
    ],
)
def test_two_images_are_learnt_at_full_size(made: Callable[[], Learner], steps: int, rate: float) -> None:
    torch.manual_seed(0)
    network, loss_of = made()
    images, faces = two_scenes(128)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        loss = loss_of(images / 255, faces)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0], losses
    assert all(p.isfinite().all() for p in network.parameters())
