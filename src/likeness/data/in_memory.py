"""Labelled images that are held in memory."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from likeness.data.duplicates import hash_of_sample
from likeness.data.fingerprint import Files
from likeness.data.images import Grouping


class InMemory:
    """`Images` over an array.

    Args:
        images: uint8 or float32 `[N, C, *spatial]`.
        identity: whom or what each image shows, `[N]` integers, numbered from 0 without a gap.
        names: what the identities are called; their numbers where it is None.

    Raises:
        ValueError: the two don't go together.
    """

    grouping: Grouping | None = None

    def __init__(self, images: ArrayLike, identity: ArrayLike, names: Sequence[str] | None = None) -> None:
        self._images = torch.as_tensor(np.asarray(images))
        self.identity: NDArray[np.int64] = np.asarray(identity, dtype=np.int64)
        if self._images.dtype not in (torch.uint8, torch.float32) or self._images.ndim < 3:
            raise ValueError(
                "images are uint8 or float32 [N, C, *spatial], not "
                f"{self._images.dtype} {list(self._images.shape)}"
            )
        if self.identity.shape != self._images.shape[:1]:
            raise ValueError(
                f"{len(self._images)} images have {self.identity.size} identities; give one for each"
            )
        present = np.unique(self.identity)
        if not np.array_equal(present, np.arange(len(present))):
            raise ValueError("identities are numbered from 0 without a gap")
        self._names = list(names) if names is not None else [str(number) for number in present]

    def __len__(self) -> int:
        """The number of images, N."""
        return len(self._images)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, `[C, *spatial]` each."""
        return [self._images[index] for index in indices]

    def name(self, index: int) -> str:
        """Such as "3 of Ada"."""
        return f"{index} of {self.identity_name(int(self.identity[index]))}"

    def identity_name(self, identity: int) -> str:
        """What the identity is called."""
        return self._names[identity]

    def fingerprint(self) -> dict[str, object]:
        """Numbers, shape, and a SHA-256 over all images, identities and names."""
        digest = sha256(self._images.contiguous().numpy().data)
        digest.update(self.identity.astype("<i8").tobytes())
        digest.update("\0".join(self._names).encode())
        return {
            "images": len(self),
            "identities": len(self._names),
            "shape": list(self._images.shape[1:]),
            "sha256": digest.hexdigest(),
        }

    def values(self) -> NDArray[Any]:
        """All of them, `[N, C, *spatial]`."""
        whole: NDArray[Any] = self._images.numpy()
        return whole

    def hashes(self) -> list[str]:
        """A hash of each one's values."""
        return [hash_of_sample(sample) for sample in self._images]

    def files(self) -> Files:
        """None: they are in memory."""
        return Files(Path(), [])
