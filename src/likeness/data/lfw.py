"""Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller, 2007) and its View 2 protocol."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from likeness.data.image_files import ImageFiles, existing_folder, files_of_identities, identity_folders
from likeness.data.images import DataSplits, Pairs
from likeness.spatial import SpatialSize

PAIRS = "pairs.txt"
FOLDERS = ("", "lfw", "lfw-deepfunneled", "lfw_funneled", "lfw-deepfunneled/lfw-deepfunneled")
NUMBER = re.compile(r"[0-9]{1,18}")
Named = tuple[str, int]


class NamedPair(NamedTuple):
    """One line of `pairs.txt`: two images, each an identity and a number; the line; and the fold."""

    first: Named
    second: Named
    line: int
    fold: int

    @property
    def same(self) -> bool:
        """Whether both show one identity."""
        return self.first[0] == self.second[0]


def lfw(*, root: str, spatial_size: SpatialSize, channels: int) -> DataSplits:
    """All of LFW as test images, with the pairs of View 2; nothing to train on.

    Images are `Name/Name_0001.jpg` (or another extension) in `root` or in its folder `lfw`,
    `lfw-deepfunneled` or `lfw_funneled`; `pairs.txt` lies in `root` or beside the images.

    Raises:
        ValueError: `root`, the images or `pairs.txt` are missing, or a line of it is malformed or names a
            image that is not there.
    """
    folder = existing_folder(root, f"LFW (Name/Name_0001.jpg, and {PAIRS})")
    home = next((folder / f for f in FOLDERS if _holds_lfw(folder / f)), None)
    if home is None:
        raise ValueError(f"{root} does not hold LFW: put its folders Name/Name_0001.jpg there.")
    listing = next((p for p in (folder / PAIRS, home / PAIRS) if p.is_file()), None)
    if listing is None:
        raise ValueError(f"{root} holds no {PAIRS}, LFW's View 2 protocol: put that file there.")
    named = parse_pairs(listing)
    samples = files_of_identities(home, identity_folders(home), spatial_size=spatial_size, channels=channels)
    return DataSplits(train=None, validation=None, test=samples, pairs=_resolved(named, samples, listing))


def _holds_lfw(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    identities = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return any(next(identity.glob(f"{_escaped(identity.name)}_[0-9]*"), None) for identity in identities)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def parse_pairs(path: Path) -> list[NamedPair]:
    """The pairs of a View 2 `pairs.txt`, in its order.

    The first line is `FOLDS  N`. Each fold follows with N lines `name  i  j` (one identity) and then N lines
    `name1  i  name2  j` (two identities).

    Raises:
        ValueError: a line is not what it should be, or lines are missing or left over.
    """
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    header = lines[0].split() if lines else []
    counts = [int(field) for field in header if NUMBER.fullmatch(field)]
    if len(header) != 2 or len(counts) != 2 or counts[0] < 2 or counts[1] < 1:
        raise ValueError(
            f"Line 1 of {path} should be the number of folds, two at least, and of pairs, such as '10 300': put "
            "View 2's pairs.txt there."
        )
    folds, size = counts
    if len(lines) != 1 + 2 * folds * size:
        raise ValueError(
            f"{path} should hold {2 * folds * size} pairs ({folds} folds of {size} and {size}), but holds "
            f"{len(lines) - 1}: put View 2's whole pairs.txt there."
        )
    pairs: dict[frozenset[Named], NamedPair] = {}
    for i, line in enumerate(lines[1:]):
        fold, place = divmod(i, 2 * size)
        pair = _parse_pair(path, i + 2, line, fold, same=place < size)
        if pair.first == pair.second:
            raise ValueError(f"Line {pair.line} of {path} pairs an image with itself: mend that line.")
        before = pairs.setdefault(frozenset((pair.first, pair.second)), pair)
        if before is not pair:
            raise ValueError(f"Lines {before.line} and {pair.line} of {path} are one pair: mend one.")
    return list(pairs.values())


def _parse_pair(path: Path, number: int, line: str, fold: int, *, same: bool) -> NamedPair:
    fields = line.split()
    match fields:
        case [name, i, j] if same and NUMBER.fullmatch(i) and NUMBER.fullmatch(j):
            return NamedPair((name, int(i)), (name, int(j)), number, fold)
        case [a, i, b, j] if not same and a != b and NUMBER.fullmatch(i) and NUMBER.fullmatch(j):
            return NamedPair((a, int(i)), (b, int(j)), number, fold)
    form = "'name i j', one identity's two images" if same else "'name1 i name2 j', two identities' images"
    raise ValueError(f"Line {number} of {path} should be {form}, but is '{line[:80]}': mend that line.")


def _resolved(named: list[NamedPair], samples: ImageFiles, listing: Path) -> Pairs:
    """The pairs by index instead of by name."""
    index = {Path(samples.name(i)).stem: i for i in range(len(samples))}

    def find(identity: str, number: int, line: int) -> int:
        stem = f"{identity}_{number:04d}"
        if stem not in index:
            raise ValueError(
                f"{stem}, named in line {line} of {listing}, is not among the images: put "
                f"{identity}/{stem}.jpg back (all 13,233 images are needed)."
            )
        return index[stem]

    return Pairs(
        first=np.array([find(*pair.first, pair.line) for pair in named], dtype=np.int64),
        second=np.array([find(*pair.second, pair.line) for pair in named], dtype=np.int64),
        same=np.array([pair.same for pair in named], dtype=np.bool_),
        fold=np.array([pair.fold for pair in named], dtype=np.int64),
    )
