"""insightface's training sets (`train.rec` and `train.idx`), read without mxnet."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.decode import decode
from likeness.data.fingerprint import Files
from likeness.data.image_files import existing_folder
from likeness.data.images import DataSplits
from likeness.data.insightface.record_io import DamagedRecord, Offsets, Record, RecordFile, read_offsets
from likeness.data.split import split_images
from likeness.errors import UnreadableImage
from likeness.spatial import SpatialSize

Int64s = NDArray[np.int64]

AGAIN = "fetch train.rec and train.idx again"


class ImageRecords:
    """`Images` over the records at `offsets`, `[N]`, whose keys in the index are `keys`, `[N]`."""

    grouping = None

    def __init__(
        self,
        records: RecordFile,
        keys: Int64s,
        offsets: Int64s,
        labels: Int64s,
        *,
        spatial_size: SpatialSize,
        channels: int,
    ) -> None:
        self._records, self._keys, self._offsets = records, keys, offsets
        self._spatial_size, self._channels = spatial_size, channels
        self._labels, identity = np.unique(labels, return_inverse=True)
        self.identity: Int64s = identity.astype(np.int64)

    def __len__(self) -> int:
        """The number of images."""
        return self._keys.size

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, uint8 `[C, height, width]`; raises `UnreadableImage`."""
        return [self._load(i) for i in indices]

    def name(self, index: int) -> str:
        """The file and the record's key in it."""
        return f"{self._records.path.name}#{self._keys[index]}"

    def identity_name(self, identity: int) -> str:
        """The identity's label in the file, a number."""
        return str(self._labels[identity])

    def fingerprint(self) -> dict[str, object]:
        """Numbers of images and identities, the file's bytes, and a SHA-256.

        The hash is over every image's key, place and label and the contents of 64 spread evenly.
        """
        return dict(self._fingerprint)

    @cached_property
    def _fingerprint(self) -> dict[str, object]:
        digest = sha256()
        for array in (self._keys, self._offsets, self._labels[self.identity]):
            digest.update(np.ascontiguousarray(array, dtype="<i8").data)
        for i in np.linspace(0, len(self) - 1, min(len(self), 64)).round().astype(int):
            try:
                digest.update(sha256(self._records.read(int(self._offsets[i])).content).digest())
            except DamagedRecord as error:
                digest.update(str(error).encode())
        return {
            "pictures": len(self),
            "identities": int(self._labels.size),
            "bytes": self._records.path.stat().st_size,
            "sha256": digest.hexdigest(),
        }

    def files(self) -> Files:
        """The records and their index."""
        return Files(
            self._records.path.parent, [self._records.path.name, self._records.path.with_suffix(".idx").name]
        )

    def _load(self, index: int) -> Tensor:
        name = self.name(index)
        try:
            content = self._records.read(int(self._offsets[index])).content
        except DamagedRecord as error:
            raise UnreadableImage(f"{name} cannot be read ({error}): fetch the file again.") from None
        return decode(bytes(content), spatial_size=self._spatial_size, channels=self._channels, name=name)


def insightface_rec(
    *,
    root: str,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> DataSplits:
    """The images of `root/train.rec`, split by identity into train, validation and test.

    Record 0 tells where the identities' records are, and each of those which images are its own; where
    record 0 is an image's, every image's own label counts. `train.idx` is needed, `property` is not.
    Images are encoded (JPEG, PNG, ...); raw pixels are not read.

    Raises:
        ValueError: a file is missing or damaged, or the images do not suffice for `split`.
    """
    folder = existing_folder(root, "a folder with train.rec and train.idx")
    for file in ("train.rec", "train.idx"):
        if not (folder / file).is_file() or (folder / file).stat().st_size == 0:
            raise ValueError(f"{root} holds no {file}, or an empty one: put train.rec and train.idx there.")
    records = RecordFile(folder / "train.rec")
    index = read_offsets(folder / "train.idx")
    keys, labels = _labelled(records, index)
    samples = ImageRecords(
        records, keys, index.of(keys), labels, spatial_size=spatial_size, channels=channels
    )
    return split_images(samples, split, split_seed, source=root)


def _labelled(records: RecordFile, index: Offsets) -> tuple[Int64s, Int64s]:
    """The keys of all images, ascending, and their labels."""
    identities = range(0)
    # beyond 2^24 a float32 cannot tell neighbouring records apart
    if 0 in index.keys[:1] and index.keys[-1] < 2**24:
        first = _read(records, index, 0)
        if not first.content:
            identities = range(*_range(records, first, 0))
    return _by_identity_records(records, index, identities) if identities else _by_own_label(records, index)


def _by_own_label(records: RecordFile, index: Offsets) -> tuple[Int64s, Int64s]:
    labels = np.full(index.keys.size, -1, dtype=np.int64)
    for place, key in enumerate(index.keys.tolist()):
        record = _read(records, index, key)
        if record.content:
            labels[place] = _number(records, record, key)
    return index.keys[labels >= 0], labels[labels >= 0]


def _by_identity_records(records: RecordFile, index: Offsets, identities: range) -> tuple[Int64s, Int64s]:
    ranges, labels = [], []
    for identity in identities:
        begin, end = _range(records, _read(records, index, identity), identity)
        if end > index.keys[-1] + 1:
            raise ValueError(
                f"Record {identity} of {records.path} tells of records up to {end - 1}, and the last is "
                f"{index.keys[-1]}: {AGAIN}."
            )
        if begin < end:
            ranges.append(np.arange(begin, end))
            # one look at the label: all images of an identity have the same
            label = _number(records, _read(records, index, begin), begin)
            labels.append(np.full(end - begin, label))
    if not ranges:
        raise ValueError(f"The identities of {records.path} have no images: {AGAIN}.")
    keys = np.concatenate(ranges)
    _offsets(records, index, keys)
    order = np.argsort(keys, kind="stable")
    return keys[order], np.concatenate(labels)[order]


def _range(records: RecordFile, record: Record, key: int) -> tuple[int, int]:
    """The first record that an identity's record (or record 0) tells of, and the one after its last."""
    if len(record.labels) < 2:
        raise ValueError(f"Record {key} of {records.path} should tell a first and a last record: {AGAIN}.")
    return _number(records, record, key), _number(records, record, key, place=1)


def _number(records: RecordFile, record: Record, key: int, *, place: int = 0) -> int:
    """A label of a record, which is stored as a float and stands for a number that is not negative."""
    label = float(record.labels[place])
    if not 0 <= label < 2**62:
        raise ValueError(f"Record {key} of {records.path} has the label {label}: {AGAIN}.")
    return int(label)


def _read(records: RecordFile, index: Offsets, key: int) -> Record:
    offset = _offsets(records, index, np.array([key]))[0]
    try:
        return records.read(int(offset))
    except DamagedRecord as error:
        raise ValueError(f"Record {key} of {records.path} is damaged ({error}): {AGAIN}.") from None


def _offsets(records: RecordFile, index: Offsets, keys: Int64s) -> Int64s:
    try:
        return index.of(keys)
    except KeyError as error:
        raise ValueError(f"The index beside {records.path} lacks record {error.args[0]}: {AGAIN}.") from None
