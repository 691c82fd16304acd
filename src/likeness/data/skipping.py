"""An unreadable image among thousands, or an identity of whom none is good: left out, and told by name at the end."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.duplicates import Hashed
from likeness.data.fingerprint import Files
from likeness.data.images import Grouping, Images
from likeness.errors import FileError, UnreadableImage


class SkippingUnreadable:
    """`Images` of which some cannot be read: training gets another of the same identity, evaluation none.

    An image that is unreadable is so for every worker and every device, so what takes its place is a
    function of the index alone. What loader workers find is seen by the process that started them: the
    flags lie in shared memory. Under several devices each process knows of its own workers' findings only.
    """

    def __init__(self, samples: Images) -> None:
        self._images = samples
        self._flags = torch.zeros(len(samples), dtype=torch.bool)
        self._flags.share_memory_()  # type: ignore[no-untyped-call]

    @property
    def identity(self) -> NDArray[np.int64]:
        """Labels `[N]` of all images, unreadable ones included."""
        return self._images.identity

    @property
    def grouping(self) -> Grouping | None:
        """That of the images, unreadable ones included."""
        return self._images.grouping

    @property
    def unreadable(self) -> list[str]:
        """The names of the unreadable images met until now."""
        return [self._images.name(i) for i in torch.nonzero(self._flags).flatten().tolist()]

    def __len__(self) -> int:
        """The number of images, unreadable ones included."""
        return len(self._images)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, or what takes their place, as `load_good` gives them."""
        return self.load_good(indices)[1]

    def load_good(self, indices: Sequence[int]) -> tuple[list[int], list[Tensor]]:
        """Good images and their indices: those at `indices`, and for an unreadable one the next of the same identity.

        The search goes on from its first image after the last, and then, where all of the identity are unreadable,
        among the others: an index may be of another identity than was asked for. For training.

        Raises:
            FileError: no image at all can be read.
        """
        loaded = zip(indices, self.load_or_none(indices), strict=True)
        good = [self._next_good(index) if sample is None else (index, sample) for index, sample in loaded]
        return [index for index, _ in good], [sample for _, sample in good]

    def load_or_none(self, indices: Sequence[int]) -> list[Tensor | None]:
        """The images at `indices`, None for an unreadable one.

        For evaluation, which must leave an unreadable image out and not count another one twice.
        """
        if not any(self._flags[i] for i in indices):
            try:
                return list(self._images.load(indices))
            except UnreadableImage:
                pass  # one of them: find out which
        return [self._one_or_none(i) for i in indices]

    def name(self, index: int) -> str:
        """What to call an image."""
        return self._images.name(index)

    def identity_name(self, identity: int) -> str:
        """What to call an identity."""
        return self._images.identity_name(identity)

    def fingerprint(self) -> dict[str, object]:
        """That of the images, unreadable ones included."""
        return self._images.fingerprint()

    def hashes(self) -> Sequence[str] | None:
        """Those of the images, where they know them."""
        return self._images.hashes() if isinstance(self._images, Hashed) else None

    def files(self) -> Files:
        """Those of the images, unreadable ones included."""
        return self._images.files()

    def _one_or_none(self, index: int) -> Tensor | None:
        if self._flags[index]:
            return None
        try:
            return self._images.load([index])[0]
        except UnreadableImage:
            self._flags[index] = True
            return None

    def _next_good(self, index: int) -> tuple[int, Tensor]:
        of_identity = np.flatnonzero(self.identity == self.identity[index])
        following = np.roll(of_identity, -int(np.searchsorted(of_identity, index)))
        for other in chain(following.tolist(), range(index, len(self)), range(index)):
            sample = self._one_or_none(other)
            if sample is not None:
                return other, sample
        raise FileError(
            f"None of the {len(self)} images to train on can be read, such as {self.name(index)}: replace them."
        )
