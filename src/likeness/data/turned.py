"""Quarter turns of pictures as further classes (Santoro et al. 2016, section 4.1)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fingerprint import Files
from likeness.data.pictures import Grouping, Pictures

QUARTERS = 4


class QuarterTurns:
    """Every class of some `Pictures` four times: upright, and turned by 90, 180 and 270 degrees.

    A turned class is another class, in a group of its own with those of its group that are turned alike.
    """

    def __init__(self, pictures: Pictures) -> None:
        self._pictures, self._upright = pictures, len(pictures)
        self._classes = int(pictures.identity.max(initial=-1)) + 1
        self.identity = _repeated(pictures.identity, self._classes)
        grouping = pictures.grouping
        self.grouping = grouping and Grouping(
            _repeated(grouping.group, len(grouping.names)),
            np.tile(grouping.drawer, QUARTERS),
            [_turned(name, quarters) for quarters in range(QUARTERS) for name in grouping.names],
        )

    def __len__(self) -> int:
        """The number of pictures, upright and turned."""
        return QUARTERS * self._upright

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The pictures at `indices`, turned."""
        loaded = self._pictures.load([index % self._upright for index in indices])
        return [
            torch.rot90(picture, index // self._upright, (-2, -1))
            for index, picture in zip(indices, loaded, strict=True)
        ]

    def name(self, index: int) -> str:
        """The upright picture's name, and the turn."""
        return _turned(self._pictures.name(index % self._upright), index // self._upright)

    def identity_name(self, identity: int) -> str:
        """The upright class's name, and the turn."""
        return _turned(self._pictures.identity_name(identity % self._classes), identity // self._classes)

    def fingerprint(self) -> dict[str, object]:
        """That of the upright pictures, and that they are turned."""
        return {**self._pictures.fingerprint(), "quarter_turns": True}

    def files(self) -> Files:
        """Those of the upright pictures."""
        return self._pictures.files()


def _repeated(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Labels `[N]` below `count`, for each turn with numbers of its own, `[4N]`."""
    return np.tile(labels, QUARTERS) + np.repeat(np.arange(QUARTERS) * count, len(labels))


def _turned(name: str, quarters: int) -> str:
    return f"{name} turned by {90 * quarters} degrees" if quarters else name
