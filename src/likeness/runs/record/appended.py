"""Files that a run only ever appends to, and what of them a checkpoint stands on."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

_CHUNK = 2**20


class Head(NamedTuple):
    """The beginning of a file: its length in bytes, and its SHA-256, hexadecimal."""

    bytes: int
    sha256: str


def head_of(path: Path) -> Head:
    """All that a file holds now."""
    size = path.stat().st_size
    return Head(size, _hash_of(path, size))


def begins_with(path: Path, head: Head) -> bool:
    """Whether a file is there and begins with that."""
    return path.is_file() and path.stat().st_size >= head.bytes and _hash_of(path, head.bytes) == head.sha256


def _hash_of(path: Path, size: int) -> str:
    digest, left = sha256(), size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(left, _CHUNK))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
