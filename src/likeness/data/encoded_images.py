"""Images in whose place stand their encodings, for what is trained on a network that stays as it is."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fingerprint import Files
from likeness.data.images import Grouping, Images
from likeness.errors import UnreadableImage


class EncodedImages:
    """`Images` whose `load` gives encodings `[D]`; one that could not be read has none, and is unreadable.

    Args:
        images: what was encoded.
        encodings: `[N, D]`.
        index: `[M]`, ascending, those of them that could be read.
    """

    def __init__(self, images: Images, encodings: NDArray[np.float32], index: NDArray[np.int64]) -> None:
        self._images, self._encodings = images, torch.from_numpy(np.array(encodings))
        self._readable = np.zeros(len(images), np.bool_)
        self._readable[index] = True

    @property
    def identity(self) -> NDArray[np.int64]:
        """That of the images."""
        return self._images.identity

    @property
    def grouping(self) -> Grouping | None:
        """That of the images."""
        return self._images.grouping

    def __len__(self) -> int:
        """The number of images, unreadable ones included."""
        return len(self._images)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The encodings at `indices`, `[D]` each; raises `UnreadableImage` for an image that could not be read."""
        for index in indices:
            if not self._readable[index]:
                raise UnreadableImage(f"{self.name(index)} could not be read when it was to be encoded.")
        return list(self._encodings[list(indices)])

    def name(self, index: int) -> str:
        """That of the image."""
        return self._images.name(index)

    def identity_name(self, identity: int) -> str:
        """That of the images."""
        return self._images.identity_name(identity)

    def fingerprint(self) -> dict[str, object]:
        """That of the images."""
        return self._images.fingerprint()

    def files(self) -> Files:
        """Those of the images."""
        return self._images.files()
