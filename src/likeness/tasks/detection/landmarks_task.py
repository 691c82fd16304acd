"""The task that trains O-Net to place the points of faces whose boxes are known."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.faces import Faces, Scene
from likeness.data.scene_batches import SceneBatch
from likeness.errors import LikenessError
from likeness.evaluation.detection import eye_distance, normalised_errors
from likeness.losses.detection import point_distances
from likeness.models.detectors.mtcnn_networks import OutputNetwork
from likeness.models.detectors.mtcnn_stages import OUTPUT, normalised, points_in
from likeness.tasks.detection.turned_windows import crops_of, points_of, turned_windows
from likeness.tasks.gather import measured_once
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task, Watched

LEAST_EYES = 0.1
"""Of a window's side: the distance of the eyes that a face in profile counts with in the loss."""


def measurable(faces: Faces) -> Tensor:
    """The places `[M]` of the faces to be found whose five points are known and whose eyes lie apart."""
    boxes, points, ignored = faces
    apart = (points[:, 0] - points[:, 1]).norm(dim=1) > 0  # False for NaN
    wide = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return (~points.isnan().flatten(1).any(1) & apart & wide & ~ignored).nonzero()[:, 0]


def landmark_errors_of(network: OutputNetwork, scene: Scene) -> NDArray[np.float64]:
    """How far O-Net's points are off in the annotated boxes of an image's `measurable` faces, in distances of the eyes.

    `[M]`, the mean over five points.
    """
    rows = measurable(scene.faces)
    if not len(rows):
        return np.zeros(0)
    points = scene.faces.points[rows].cpu().numpy()
    found = points_in(network, scene.image, scene.faces.boxes[rows]).cpu().numpy()
    return normalised_errors(found, points, eye_distance(points))


class LandmarksTask(Task):
    """Train O-Net by the distance of its points, in distances of the eyes, in windows about faces.

    The network's two other heads, for scores and boxes, are not trained.

    Args:
        network: O-Net.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        windows: about the faces of an image.
        turn: as `turned_windows` takes it.
        zoom: as `turned_windows` takes it.
        shift: as `turned_windows` takes it.
    """

    family: ClassVar[str] = "landmarks"
    watched: ClassVar[tuple[Watched, ...]] = (
        Watched("loss", "train/loss", ".3f"),
        Watched("NME", "validation/nme", ".4f"),
    )

    def __init__(
        self,
        network: OutputNetwork,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        windows: int = 1,
        turn: float = 25.0,
        zoom: float = 0.2,
        shift: float = 0.1,
    ) -> None:
        super().__init__(optimizer, scheduler)
        self.network = network
        self.windows, self.turn, self.zoom, self.shift = windows, turn, zoom, shift
        for head in (network.dense6_1, network.dense6_2):
            head.requires_grad_(False)  # devices wait for the gradient of all that requires one
        self._validated: list[NDArray[np.float64]] = []

    def loss(self, images: Tensor, faces: Sequence[Faces]) -> Tensor:
        """The mean over windows of `images`, uint8 `[B, 3, side, side]`, about the faces of each, 0-d.

        Draws from torch's generator; an image without a measurable face has no window.
        """
        image, boxes, points = [], [], []
        for place, each in enumerate(faces):
            rows = measurable(each)
            if len(rows):
                drawn = rows[torch.randint(len(rows), (self.windows,), device=rows.device)]
                image.append(torch.full_like(drawn, place))
                boxes.append(each.boxes[drawn])
                points.append(each.points[drawn])
        if not image:
            return torch.stack([p.sum() for p in self.parameters() if p.requires_grad]).sum() * 0
        windows = turned_windows(torch.cat(boxes), turn=self.turn, zoom=self.zoom, shift=self.shift)
        crops = crops_of(images[torch.cat(image)], windows, OUTPUT)
        said = self.network(normalised(crops).contiguous(memory_format=torch.channels_last))
        wanted = points_of(torch.cat(points), windows)
        eyes = (wanted[:, 0] - wanted[:, 1]).norm(dim=1).clamp(min=LEAST_EYES)
        return point_distances(said.points, wanted, eyes).mean()

    def training_step(self, batch: SceneBatch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        loss = self.loss(batch.images, batch.faces)
        self.log("train/loss", loss.detach(), batch_size=len(batch.images))
        return loss

    def validation_step(self, scene: Scene | None, batch_idx: int) -> None:
        """Measure the faces of a scene; None is one that can't be read."""
        if scene is not None:
            self._validated.append(landmark_errors_of(self.network, scene))

    def on_validation_epoch_end(self) -> None:
        """Log the mean error over all faces; all ranks log what rank 0 measures.

        Raises:
            LikenessError: there is no face to measure.
        """
        own, self._validated = self._validated, []
        self.log_dict(measured_once(_mean_error, own))


def _mean_error(shares: Sequence[list[NDArray[np.float64]]]) -> dict[str, float]:
    errors = [errors for share in shares for errors in share]
    faces = np.concatenate(errors) if errors else np.zeros(0)
    if not len(faces):
        raise LikenessError(
            "No validation image that can be read has a face with five known points: add some."
        )
    return {"validation/nme": float(faces.mean())}
