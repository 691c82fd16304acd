"""MXNet's RecordIO, read by offset: the format of insightface's training sets.

A record is `magic u32 | word u32 | payload`, padded to a multiple of 4 bytes. The word's upper 3 bits tell
whether the payload is whole (0) or the first (1), a middle (2) or the last (3) part of one that held the
magic itself at a multiple of 4 bytes, where the writer cut it and left the magic out; its lower 29 bits are
the length. An image record's payload begins with a header `flag u32 | label f32 | id u64 | id2 u64`; where
flag > 0, that many f32 labels follow it and replace `label`. (dmlc-core `recordio.h`, mxnet `recordio.py`.)
"""

import mmap
import os
import struct
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.reading import reading

MAGIC = 0xCED7230A
_MAGIC_BYTES = struct.pack("<I", MAGIC)
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_FRAME = struct.Struct("<II")
_HEADER = struct.Struct("<IfQQ")


class DamagedRecord(ValueError):
    """No whole record lies where one should."""


class Record(NamedTuple):
    """An image record: its labels (one or more numbers) and the bytes after them, not read until used."""

    labels: tuple[float, ...]
    content: bytes | memoryview


class Offsets(NamedTuple):
    """Where each record begins: keys, ascending, and bytes, both `[records]` int64."""

    keys: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The offsets of some keys; raises `KeyError` with the first that is missing."""
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        missing = self.keys[places] != keys
        if missing.any():
            raise KeyError(int(keys[missing][0]))
        return self.offsets[places]


class RecordFile:
    """Random access to the records of a file; may be sent to other processes, which open it anew.

    `read` raises `DamagedRecord` where no whole record lies at the offset, and `ValueError` where the file is empty
    or the file system doesn't give it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map: memoryview | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_map": None}

    def read(self, offset: int) -> Record:
        """The image record that begins at byte `offset`."""
        payload = self._payload(offset)
        if len(payload) < _HEADER.size:
            raise DamagedRecord(f"a record of {len(payload)} bytes has no header")
        flag, label, _, _ = _HEADER.unpack_from(payload)
        if flag == 0:
            return Record((label,), payload[_HEADER.size :])
        end = _HEADER.size + 4 * flag
        if len(payload) < end:
            raise DamagedRecord(f"a record of {len(payload)} bytes cannot hold {flag} labels")
        return Record(struct.unpack_from(f"<{flag}f", payload, _HEADER.size), payload[end:])

    def _payload(self, offset: int) -> bytes | memoryview:
        part, payload, offset = self._part(offset)
        if part == _WHOLE:
            return payload
        if part != _FIRST:
            raise DamagedRecord("a record begins with its middle")
        parts = [payload]
        while part != _LAST:
            part, payload, offset = self._part(offset)
            if part not in (_MIDDLE, _LAST):
                raise DamagedRecord("a record has no end")
            parts.append(payload)
        return _MAGIC_BYTES.join(parts)

    def _part(self, offset: int) -> tuple[int, memoryview, int]:
        """Which part lies at `offset`, its payload, and where the next part of the same payload begins."""
        if self._map is None:
            self._map = self._mapped()
        begin = offset + _FRAME.size
        if offset < 0 or begin > len(self._map):
            raise DamagedRecord(f"the file ends before byte {begin}")
        magic, word = _FRAME.unpack_from(self._map, offset)
        if magic != MAGIC:
            raise DamagedRecord(f"no record begins at byte {offset}")
        end = begin + (word & (2**29 - 1))
        if end > len(self._map):
            raise DamagedRecord(f"the file ends within the record at byte {offset}")
        return word >> 29, self._map[begin:end], end

    def _mapped(self) -> memoryview:
        """The file's bytes, read when they are used."""
        with reading(self.path), open(self.path, "rb") as file:
            if not file.seek(0, os.SEEK_END):
                raise ValueError(f"{self.path} is empty: fetch it again.")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def read_offsets(path: Path) -> Offsets:
    """The index of a file of records, `key <tab> byte` a line; raises `ValueError` where it is not."""
    try:
        with warnings.catch_warnings(action="ignore"):  # that the file is empty, which is said below
            rows: NDArray[np.int64] = np.loadtxt(path, dtype=np.int64, ndmin=2)
    except ValueError:
        rows = np.empty((0, 0), dtype=np.int64)
    if rows.shape[1] != 2 or len(rows) == 0:
        raise ValueError(
            f"{path} is not an index of records (a key and a byte offset a line): fetch it again."
        )
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return Offsets(rows[:, 0].copy(), rows[:, 1].copy())
