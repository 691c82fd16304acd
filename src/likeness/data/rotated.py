"""Images rotated by quarter turns, and mirrored, as further classes (Santoro et al. 2016, section 4.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fingerprint import Files
from likeness.data.images import Grouping, Images

QUARTERS = 4


class Rotation(NamedTuple):
    """By how many quarter turns an image is rotated, and whether it is mirrored then."""

    quarters: int
    mirrored: bool

    def of(self, image: Tensor) -> Tensor:
        """The image `[..., H, W]`, rotated."""
        rotated = torch.rot90(image, self.quarters, (-2, -1))
        return rotated.flip(-1) if self.mirrored else rotated

    def named(self, name: str) -> str:
        """What to call a rotated one of that name."""
        rotated = f"{name} turned by {90 * self.quarters} degrees" if self.quarters else name
        return f"{rotated}, mirrored" if self.mirrored else rotated


class RotatedClasses:
    """Every class of some square `Images` several times: as it is, and rotated by quarter turns, mirrored, or both.

    A rotated class is another class, in a group of its own with those of its group that are rotated alike.

    Args:
        images: the images as they are.
        quarter_turns: whether classes rotated by 90, 180 and 270 degrees are further ones.
        mirrored: whether the mirror images of all of these are further ones.
    """

    def __init__(self, images: Images, *, quarter_turns: bool, mirrored: bool) -> None:
        self._images, self._upright = images, len(images)
        self._named = {
            name: True
            for name, chosen in (("quarter_turns", quarter_turns), ("mirrored", mirrored))
            if chosen
        }
        self._rotations = [
            Rotation(quarters, mirror)
            for mirror in ([False, True] if mirrored else [False])
            for quarters in range(QUARTERS if quarter_turns else 1)
        ]
        self._classes = int(images.identity.max(initial=-1)) + 1
        self.identity = self._repeated(images.identity, self._classes)
        grouping = images.grouping
        self.grouping = grouping and Grouping(
            self._repeated(grouping.group, len(grouping.names)),
            np.tile(grouping.drawer, len(self._rotations)),
            [rotation.named(name) for rotation in self._rotations for name in grouping.names],
        )

    def __len__(self) -> int:
        """The number of images, upright and rotated."""
        return len(self._rotations) * self._upright

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, rotated."""
        loaded = self._images.load([index % self._upright for index in indices])
        return [
            self._rotations[index // self._upright].of(image)
            for index, image in zip(indices, loaded, strict=True)
        ]

    def name(self, index: int) -> str:
        """The upright image's name, and the rotation."""
        return self._rotations[index // self._upright].named(self._images.name(index % self._upright))

    def identity_name(self, identity: int) -> str:
        """The upright class's name, and the rotation."""
        rotation = self._rotations[identity // self._classes]
        return rotation.named(self._images.identity_name(identity % self._classes))

    def fingerprint(self) -> dict[str, object]:
        """That of the upright images, and how they are rotated."""
        return {**self._images.fingerprint(), **self._named}

    def files(self) -> Files:
        """Those of the upright images."""
        return self._images.files()

    def _repeated(self, labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Labels `[N]` below `count`, for each rotation with numbers of its own, `[rotations * N]`."""
        times = len(self._rotations)
        return np.tile(labels, times) + np.repeat(np.arange(times) * count, len(labels))
