"""What a source of images with faces looks like to everything that reads from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from likeness.data.fingerprint import Files


class Faces(NamedTuple):
    """The faces of an image, N of them or none.

    `boxes` float32 `[N, 4]`: x1, y1, x2, y2 in pixels, continuous: x to the right, y down, (0, 0) the outer corner of
    the first pixel, so that a width is x2 - x1. `points` float32 `[N, 5, 2]`: x and y of the left eye, the right eye,
    the nose's tip, and the left and the right corner of the mouth as seen in the image (left has the smaller x in an
    upright face); NaN where unknown. `ignored` bool `[N]`: annotated, but neither to be found nor wrong to find.
    """

    boxes: Tensor
    points: Tensor
    ignored: Tensor


class Scene(NamedTuple):
    """An image, uint8 RGB `[3, H, W]`, and its faces."""

    image: Tensor
    faces: Faces


def within_image(scene: Scene) -> Scene:
    """The scene with its boxes cut at the image's border, as a network learns them; points stay where they are."""
    height, width = scene.image.shape[1:]
    limits = scene.faces.boxes.new_tensor([width, height, width, height])
    boxes = torch.minimum(scene.faces.boxes.clamp(min=0), limits)
    return scene._replace(faces=scene.faces._replace(boxes=boxes))


class Scenes(Protocol):
    """Images with their faces, addressed by index; each has its own size."""

    def __len__(self) -> int:
        """The number of images."""
        ...

    def load(self, indices: Sequence[int]) -> list[Scene]:
        """The scenes at `indices`; raises `UnreadableImage`, which names a bad image."""
        ...

    def name(self, index: int) -> str:
        """What to call an image in a message or a figure."""
        ...

    def fingerprint(self) -> dict[str, object]:
        """Plain JSON by which the same data is recognised, with a look into few of its files."""
        ...

    def files(self) -> Files:
        """The files that the images, and those of the whole that they are a part of, are read from."""
        ...


@dataclass(frozen=True)
class SceneSplits:
    """What a source of faces hands to a run; no image is in two splits, and one that a source lacks is None."""

    train: Scenes | None
    validation: Scenes | None
    test: Scenes | None
