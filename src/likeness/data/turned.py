"""Images turned by quarters, and mirrored, as further classes (Santoro et al. 2016, section 4.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fingerprint import Files
from likeness.data.pictures import Grouping, Pictures

QUARTERS = 4


class Turn(NamedTuple):
    """By how many quarters an image is turned, and whether it is mirrored then."""

    quarters: int
    mirrored: bool

    def of(self, sample: Tensor) -> Tensor:
        """The image `[..., H, W]`, turned."""
        turned = torch.rot90(sample, self.quarters, (-2, -1))
        return turned.flip(-1) if self.mirrored else turned

    def named(self, name: str) -> str:
        """What to call a turned one of that name."""
        turned = f"{name} turned by {90 * self.quarters} degrees" if self.quarters else name
        return f"{turned}, mirrored" if self.mirrored else turned


class TurnedClasses:
    """Every class of some `Pictures` several times: as it is, and turned by quarters, mirrored, or both.

    A turned class is another class, in a group of its own with those of its group that are turned alike.

    Args:
        images: the images as they are.
        quarter_turns: whether classes turned by 90, 180 and 270 degrees are further ones.
        mirrored: whether the mirror images of all of these are further ones.
    """

    def __init__(self, samples: Pictures, *, quarter_turns: bool, mirrored: bool) -> None:
        self._pictures, self._upright = samples, len(samples)
        self._named = {
            name: True
            for name, chosen in (("quarter_turns", quarter_turns), ("mirrored", mirrored))
            if chosen
        }
        self._turns = [
            Turn(quarters, mirror)
            for mirror in ([False, True] if mirrored else [False])
            for quarters in range(QUARTERS if quarter_turns else 1)
        ]
        self._classes = int(samples.identity.max(initial=-1)) + 1
        self.identity = self._repeated(samples.identity, self._classes)
        grouping = samples.grouping
        self.grouping = grouping and Grouping(
            self._repeated(grouping.group, len(grouping.names)),
            np.tile(grouping.drawer, len(self._turns)),
            [turn.named(name) for turn in self._turns for name in grouping.names],
        )

    def __len__(self) -> int:
        """The number of images, upright and turned."""
        return len(self._turns) * self._upright

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, turned."""
        loaded = self._pictures.load([index % self._upright for index in indices])
        return [
            self._turns[index // self._upright].of(sample)
            for index, sample in zip(indices, loaded, strict=True)
        ]

    def name(self, index: int) -> str:
        """The upright image's name, and the turn."""
        return self._turns[index // self._upright].named(self._pictures.name(index % self._upright))

    def identity_name(self, identity: int) -> str:
        """The upright class's name, and the turn."""
        turn = self._turns[identity // self._classes]
        return turn.named(self._pictures.identity_name(identity % self._classes))

    def fingerprint(self) -> dict[str, object]:
        """That of the upright images, and how they are turned."""
        return {**self._pictures.fingerprint(), **self._named}

    def files(self) -> Files:
        """Those of the upright images."""
        return self._pictures.files()

    def _repeated(self, labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Labels `[N]` below `count`, for each turn with numbers of its own, `[turns * N]`."""
        turns = len(self._turns)
        return np.tile(labels, turns) + np.repeat(np.arange(turns) * count, len(labels))
