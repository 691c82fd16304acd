"""Encodings by a network that stays as it is, kept between runs: made once, then read from files."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.fingerprint import hash_file
from likeness.data.images import Images

_FACTS = "facts.json"


class StoredEncodings(NamedTuple):
    """Of N images by name an array `[N, D]` float32 in a file; `index [M]`, ascending, are those that could be read."""

    index: NDArray[np.int64]  # type: ignore[assignment]  # hides tuple.index, which this has no use for
    arrays: Mapping[str, NDArray[np.float32]]


Encoded = tuple[NDArray[np.int64], Mapping[str, NDArray[np.float32]]]
"""The indices `[B]` of a batch, and by name the values `[B, D]`."""


def fingerprint_of(images: Images) -> dict[str, object]:
    """By what the encodings of images are known again: their fingerprint, and each file's size and time of change."""
    files, digest = images.files(), sha256()
    for name in files.names:
        status = os.stat(files.root / name)
        digest.update(f"{name}\0{status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return {**images.fingerprint(), "files": digest.hexdigest()}


def folder_of(decides: Mapping[str, Any]) -> Path:
    """Where the encodings lie that `decides`, plain values, settles: below XDG_CACHE_HOME/likeness."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()[:24]
    return Path(home, "likeness", "encodings", name)


def read_encodings(folder: Path) -> StoredEncodings | None:
    """What was stored, or None where nothing was, or where a file is not as it was written."""
    try:
        facts = json.loads((folder / _FACTS).read_text())
        if any(hash_file(str(folder / name)).sha256 != known for name, known in facts["sha256"].items()):
            return None
        arrays = {
            name: np.load(folder / file, mmap_mode="r", allow_pickle=False)
            for name, file in facts["arrays"].items()
        }
        return StoredEncodings(np.load(folder / "index.npy", allow_pickle=False), arrays)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_encodings(folder: Path, count: int, batches: Iterable[Encoded]) -> StoredEncodings:
    """Store the encodings of `count` images as batches of them come, and read them; memory is that of a batch.

    They are written beside, and renamed when all are there: a reader never sees a part of them.

    Raises:
        OSError: the disk is full, or the folder can't be made.
        ValueError: an encoding is not a number, or there are none.
    """
    beside = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        indices, arrays = [], dict[str, np.memmap[Any, np.dtype[np.float32]]]()
        for index, encoded in batches:
            indices.append(index)
            for name, values in encoded.items():
                if not np.isfinite(values).all():
                    raise ValueError(f"{name} gives what is not a number")
                if name not in arrays:
                    arrays[name] = np.lib.format.open_memmap(
                        beside / f"{len(arrays)}.npy", "w+", np.float32, (count, values.shape[1])
                    )
                arrays[name][index] = values
        if not arrays:
            raise ValueError("no image can be read")
        for array in arrays.values():
            array.flush()
        np.save(beside / "index.npy", np.concatenate(indices))
        files = {name: f"{place}.npy" for place, name in enumerate(arrays)}
        digests = {name: hash_file(str(beside / name)).sha256 for name in (*files.values(), "index.npy")}
        (beside / _FACTS).write_text(json.dumps({"arrays": files, "sha256": digests}))
        shutil.rmtree(folder, ignore_errors=True)  # of an altered one
        try:
            beside.rename(folder)
        except OSError:
            if read_encodings(folder) is None:  # else another process was faster, with the same
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    stored = read_encodings(folder)
    if stored is None:
        raise OSError(f"{folder} is not as it was written")
    return stored
