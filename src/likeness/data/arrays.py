"""Arrays of NumPy's with labels, of any rank: samples in one file, or in a folder of files."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from likeness.data.duplicates import is_new
from likeness.data.fingerprint import Files
from likeness.data.fitted import fitted, say_what_is_fitted
from likeness.data.images import DataSplits
from likeness.data.in_memory import InMemory
from likeness.data.npy import arrays_in
from likeness.data.split import IdentitySubset, split_images
from likeness.spatial import SpatialSize, sides

log = logging.getLogger("likeness")

Coding = Literal["values", "mu_law", "bits"]


def arrays(
    *,
    path: str,
    samples: str,
    labels: str,
    test_samples: str | None = None,
    test_labels: str | None = None,
    contexts: str | None = None,
    coding: Coding = "values",
    bits_shape: Sequence[int] | None = None,
    drop_duplicates: bool = False,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> DataSplits:
    """The samples in `path`, a `.npz` file or a folder of `.npy` files: uint8 as bytes, other numbers as float32.

    Samples are `[N, *spatial]` of one channel, or `[N, C, *spatial]`, brought to `spatial_size`: padded with zeros or
    cut to their middle, which is logged. A label is an identity, and identities are split; but where `test_samples` are
    named the split is official: all of `samples` train and all of `test_samples` test, the classes of both are the
    same, and each test sample is classified by the nearest of those that were trained on.

    Args:
        path: the file or folder.
        samples: the name of their array.
        labels: the name of the array of their labels `[N]`.
        test_samples: those of an official test part, or None.
        test_labels: their labels.
        contexts: the name of an array `[N]`, such as of the words that were said: pairs to verify are of different
            ones.
        coding: how samples are stored: as `values`, as bytes of 8-bit `mu_law`, or as `bits` that `numpy.packbits` made
            of rows of `bits_shape`.
        bits_shape: the shape of a sample that is stored as bits.
        drop_duplicates: whether samples that are equal to the byte to an earlier one are left out, and test samples
            that are equal to one that is trained on.
        spatial_size: the length of each axis.
        channels: of a sample.
        split: the shares of identities that train, validate and test, where there is no official split.
        split_seed: another seed, another split.

    Raises:
        ValueError: an array is not there, has another number of axes, holds what is no number or pickled objects, or
            does not fit its labels; or the samples do not suffice for `split`.
    """
    file = Path(path).expanduser()
    stored = _Stored(file, arrays_in(file), coding, bits_shape, sides(spatial_size), channels)
    whole = stored.part(samples, labels, "sample", contexts)
    if test_samples is not None:
        tested = stored.part(test_samples, str(test_labels), "test sample")
        known = {whole.identity_name(one) for one in range(int(whole.identity.max()) + 1)}
        for one in range(int(tested.identity.max()) + 1):
            if tested.identity_name(one) not in known:
                raise ValueError(
                    f"Class {tested.identity_name(one)} in {test_labels} of {path} is none of those in {labels}, and "
                    "an official split has the same classes in both parts."
                )
        if drop_duplicates:
            whole, tested = whole.without_copies(), tested.without_copies(whole.hashes())
        return DataSplits(train=whole, validation=None, test=tested, closed_set=True)
    if drop_duplicates:
        whole = whole.without_copies()
    parts = split_images(whole, split, split_seed, source=path)
    if whole.contexts is None or not isinstance(parts.test, IdentitySubset):
        return parts
    return replace(parts, contexts=whole.contexts[parts.test.indices])


class Stored(InMemory):
    """Samples of a file that are held in memory, with their `contexts [N]` or None."""

    def __init__(
        self,
        file: Path,
        part: str,
        samples: NDArray[Any],
        labels: NDArray[Any],
        contexts: NDArray[np.int64] | None = None,
    ) -> None:
        known, identity = np.unique(labels, return_inverse=True)
        super().__init__(samples, identity, [str(label) for label in known])
        self._file, self._part, self._labels, self.contexts = file, part, labels, contexts

    def name(self, index: int) -> str:
        """Such as "test sample 3 (class 1)"."""
        return f"{self._part} {index} ({self.identity_name(int(self.identity[index]))})"

    def files(self) -> Files:
        """The file, or those of its folder."""
        if self._file.is_dir():
            return Files(self._file, sorted(path.name for path in self._file.glob("*.npy")))
        return Files(self._file.parent, [self._file.name])

    def without_copies(self, seen: Sequence[str] = ()) -> "Stored":
        """The same without samples that are equal to the byte to an earlier one, or to one of the hashes `seen`."""
        kept = is_new(self.hashes(), seen)
        log.info("Of %d %ss %d are copies and left out.", len(kept), self._part, int(np.sum(~kept)))
        contexts = None if self.contexts is None else self.contexts[kept]
        return Stored(self._file, self._part, self.values()[kept], self._labels[kept], contexts)


@dataclass(frozen=True)
class _Stored:
    """What a file holds, and how its samples are to be read."""

    file: Path
    arrays: Mapping[str, NDArray[Any]]
    coding: Coding
    bits_shape: Sequence[int] | None
    lengths: tuple[int, ...]
    channels: int

    def part(self, samples: str, labels: str, part: str, contexts: str | None = None) -> Stored:
        """The samples of one array, with the labels of another; raises a ValueError as `arrays` does."""
        values, known = self._values(samples), self._labels(labels)
        if known.shape != values.shape[:1]:
            raise ValueError(
                f"{self.file} has {len(values)} samples in {samples} and labels {list(known.shape)} in {labels}: give "
                "one label for each."
            )
        words = None
        if contexts is not None:
            said = self._array(contexts)
            if said.shape != known.shape:
                raise ValueError(
                    f"{self.file} has {len(values)} samples in {samples} and contexts {list(said.shape)} in "
                    f"{contexts}: give one context for each."
                )
            words = np.unique(said, return_inverse=True)[1].astype(np.int64)
        return Stored(self.file, part, values, known, words)

    def _array(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise ValueError(f"{self.file} has no array {name}; it has {', '.join(self.arrays) or 'none'}.")
        return self.arrays[name]

    def _labels(self, name: str) -> NDArray[Any]:
        """Labels, of which 1 and 1.0 are the same."""
        stored = self._array(name)
        if np.issubdtype(stored.dtype, np.floating):
            if not np.isfinite(stored).all():
                raise ValueError(
                    f"{name} in {self.file} holds labels that are not numbers: give each sample one."
                )
            if (stored == np.round(stored)).all():
                return stored.astype(np.int64)
        elif stored.dtype.kind in "US" and not all(str(label).strip() for label in np.unique(stored)):
            raise ValueError(f"{name} in {self.file} holds empty labels: give each sample one.")
        return stored

    def _values(self, name: str) -> NDArray[Any]:
        stored = self._array(name)
        if stored.ndim < 1 or stored.size == 0:
            raise ValueError(f"{name} in {self.file} is {list(stored.shape)}, in which there are no samples.")
        if self.coding == "bits":
            stored = self._unpacked(stored, name)
        elif self.coding == "mu_law":
            if stored.dtype != np.uint8:
                raise ValueError(
                    f"{name} in {self.file} holds {stored.dtype}, and mu-law is of bytes: set coding=values."
                )
            stored = from_mu_law(stored)
        values = stored * np.uint8(255) if stored.dtype == np.bool_ else stored
        if values.dtype != np.uint8:
            values = self._numbers(values, name)
        rank = len(self.lengths)
        if values.ndim == rank + 1:
            values = values[:, None]
        if values.ndim != rank + 2 or values.shape[1] != self.channels:
            raise ValueError(
                f"{name} in {self.file} is {list(stored.shape)}, which are no samples of {self.channels} channels with "
                f"{rank} axes: set `spatial_size` and `channels` to what it has."
            )
        say_what_is_fitted(str(self.file), [values.shape[2:]] * len(values), self.lengths)
        return np.ascontiguousarray(fitted(values, self.lengths))

    def _unpacked(self, stored: NDArray[Any], name: str) -> NDArray[np.uint8]:
        shape = tuple(self.bits_shape or ())
        bits = int(np.prod(shape))
        if stored.dtype != np.uint8 or stored.ndim != 2 or 8 * stored.shape[1] < bits:
            raise ValueError(
                f"{name} in {self.file} is {stored.dtype} {list(stored.shape)}, and samples of {bits} bits are rows of "
                f"at least {-(-bits // 8)} bytes, as numpy.packbits(samples.reshape(N, -1), axis=1) makes them."
            )
        unpacked = np.unpackbits(stored, axis=1)[:, :bits] * np.uint8(255)
        return unpacked.reshape(-1, *shape)

    def _numbers(self, values: NDArray[Any], name: str) -> NDArray[np.float32]:
        if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
            raise ValueError(f"{name} in {self.file} holds {values.dtype}, not numbers.")
        numbers = np.asarray(values, dtype=np.float32)
        finite = np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1)
        if not finite.all():
            raise ValueError(
                f"{int(np.sum(~finite))} samples of {name} in {self.file} hold values that are not numbers, the first "
                f"at {int(np.argmin(finite))}: mend or remove them."
            )
        return numbers


def from_mu_law(stored: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes of 8-bit mu-law (ITU-T G.711's curve, mu = 255) as numbers in [-1, 1]."""
    ratio = 2 * stored.astype(np.float64) / 255 - 1
    return (np.sign(ratio) * (256 ** np.abs(ratio) - 1) / 255).astype(np.float32)
