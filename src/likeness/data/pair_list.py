"""Pairs of images listed in a file."""

import csv
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.image_files import ImageFiles
from likeness.data.images import DataSplits, Pairs
from likeness.data.linked import linked
from likeness.spatial import MAX_PIXELS, SpatialSize

FOLDS = 10


class _Row(NamedTuple):
    """A line of the file."""

    first: str
    second: str
    same: bool
    line: int


def pair_list(
    *,
    path: str,
    root: str | None,
    spatial_size: SpatialSize,
    channels: int,
    max_pixels: int = MAX_PIXELS,
) -> DataSplits:
    """Pairs to be decided, as test images; nothing to train on, since nobody knows who is in two pairs.

    The file has a line for each pair: two paths and a label, 1 for one identity and 0 for two, separated by commas; the
    first line may be a header, and no pair comes twice. Paths are below `root`, by default the file's folder. The pairs
    of each kind are dealt to 10 folds in order.

    `identity` is what the pairs tell and no more: images that a chain of pairs calls the same share a label.

    Raises:
        ValueError: the file or an image is missing, a label is neither 0 nor 1, or the pairs are too few.
    """
    listing = Path(path).expanduser()
    if not listing.is_file():
        raise ValueError(
            f"There is no file {path}: set `path` to a file of lines such as 'a.jpg,b.jpg,1' (0 for two identities)."
        )
    home = listing.parent if root is None else Path(root).expanduser()
    rows = _rows(listing, home)
    same = np.array([row.same for row in rows], dtype=np.bool_)
    if min(same.sum(), (~same).sum()) < FOLDS:
        raise ValueError(
            f"{listing} has {same.sum()} pairs of one identity and {(~same).sum()} of two, but each of the {FOLDS} "
            "folds needs one of each: add pairs."
        )
    places: dict[str, int] = {}
    for row in rows:
        for file in (row.first, row.second):
            if file not in places and not _is_file(home, file):
                raise ValueError(
                    f"{home / file}, named in line {row.line} of {listing}, is missing: put it back, or set `root` "
                    "to the folder that the paths start from."
                )
            places.setdefault(file, len(places))
    first, second = (
        np.array([places[name] for name in names], dtype=np.int64)
        for names in zip(*((row.first, row.second) for row in rows), strict=True)
    )
    identity = linked(first[same], second[same], len(places))
    samples = ImageFiles(
        home,
        list(places),
        identity,
        [f"identity {i + 1}" for i in range(int(identity.max()) + 1)],
        spatial_size=spatial_size,
        channels=channels,
        max_pixels=max_pixels,
    )
    pairs = Pairs(first, second, same, _folds(same))
    return DataSplits(train=None, validation=None, test=samples, pairs=pairs, all_known=False)


def _rows(listing: Path, home: Path) -> list[_Row]:
    rows: dict[frozenset[str], _Row] = {}
    lines = listing.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    for number, line in enumerate(lines, start=1):
        fields = _fields(line)
        match fields:
            case [] | [""]:
                continue
            case [first, second, "0" | "1" as label]:
                row = _Row(os.path.normpath(first), os.path.normpath(second), label == "1", number)
            case [first, second, _] if (
                number == 1 and not _is_file(home, first) and not _is_file(home, second)
            ):
                continue  # a header
            case _:
                raise ValueError(
                    f"Line {number} of {listing} should be two paths and a label, 1 (one identity) or 0 (two), such as "
                    f"'a.jpg,b.jpg,1', but is {line[:80]!r}: mend that line."
                )
        if row.first == row.second:
            raise ValueError(f"Line {number} of {listing} pairs {row.first} with itself: take that line out.")
        before = rows.setdefault(frozenset((row.first, row.second)), row)
        if before is not row:
            raise ValueError(f"Lines {before.line} and {number} of {listing} are one pair: take one out.")
    return list(rows.values())


def _fields(line: str) -> list[str]:
    """The fields of one line; none where a quote in it is not closed."""
    try:
        return [field.strip() for field in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return ["", ""]


def _is_file(home: Path, file: str) -> bool:
    return os.path.isfile(home / file)  # unlike a path's own method it bears with a name that is too long


def _folds(same: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The fold of each pair: those of each kind in contiguous tenths."""
    fold = np.empty(len(same), dtype=np.int64)
    for kind in (same, ~same):
        places = np.flatnonzero(kind)
        fold[places] = np.arange(len(places)) * FOLDS // len(places)
    return fold
