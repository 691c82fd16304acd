"""Omniglot (Lake, Salakhutdinov and Tenenbaum 2015): letters of 50 alphabets, each drawn once by 20 identities."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.image_files import ImageFiles, existing_folder, identity_folders
from likeness.data.images import DataSplits, Grouping, Images
from likeness.data.rotated import RotatedClasses
from likeness.data.split import IdentitySubset
from likeness.randomness import key
from likeness.spatial import SpatialSize, square_side

BACKGROUND, EVALUATION = "images_background", "images_evaluation"
FOLDERS = ("", "omniglot-py")
_DRAWING = re.compile(r"\d+_(\d+)\.png$")


class _Character(NamedTuple):
    """A letter: its archive and alphabet, its folder below the root, and its drawings with their drawers' numbers."""

    archive: str
    alphabet: str
    folder: str
    drawings: list[tuple[int, str]]


def omniglot(
    *,
    root: str,
    spatial_size: SpatialSize,
    channels: int,
    validation_alphabets: int = 5,
    validation_from: Literal["background", "evaluation"] = "background",
    drawers: Sequence[int] | None = None,
    quarter_turns: bool = False,
    mirrored: bool = False,
    keep: bool = False,
    split_seed: int = 0,
) -> DataSplits:
    """The characters of Omniglot: trained on alphabets of the background set, tested on those of the evaluation set.

    `root`, or `root/omniglot-py` as torchvision leaves it, holds the two archives' folders:
    `images_background/ALPHABET/characterNN/NNNN_DD.png` and `images_evaluation/...`, DD being the drawer's number. A
    class is a character, its group the alphabet.

    Args:
        root: the folder.
        spatial_size: the side in pixels, or height and width; the originals have a side of 105.
        channels: 1 or 3.
        validation_alphabets: how many alphabets are held back for validation, by a rule seeded by `split_seed`.
        validation_from: which set they are taken from; `evaluation`, where the rest of it is tested on, is the division
            30 : 10 : 10 of Koch et al. 2015, section 4.1.
        drawers: how many drawers' drawings train, validate and test, such as theirs, 12, 4 and 4; no drawer of an
            alphabet has two parts. None: all drawers in each part, which have no alphabet in common.
        quarter_turns: whether training characters turned by 90, 180 and 270 degrees are further classes.
        mirrored: whether the mirror images of training characters, and of their turns, are further classes.
        keep: whether drawings stay in memory once they are decoded, at 105 x 105 some 350 MB by each process.
        split_seed: another seed, other alphabets and drawers.

    Raises:
        ValueError: the folders are missing or hold something else, the alphabets or drawers don't suffice, or the
            size is not square, which quarter turns need.
    """
    if quarter_turns:
        square_side(spatial_size, "quarter_turns")
    home = _home(root)
    characters = [*_characters(home, BACKGROUND), *_characters(home, EVALUATION)]
    if twice := {one.alphabet for one in characters if one.archive == BACKGROUND} & {
        one.alphabet for one in characters if one.archive == EVALUATION
    }:
        raise ValueError(
            f"{min(twice)} lies in both {BACKGROUND} and {EVALUATION} of {home}: take it out of one."
        )
    whole = _images(home, characters, spatial_size, channels, keep)
    archive = {one.alphabet: one.archive for one in characters}
    validation = _validation(archive, validation_alphabets, validation_from, split_seed)
    parts = [
        [name for name in archive if archive[name] == BACKGROUND and name not in validation],
        validation,
        [name for name in archive if archive[name] == EVALUATION and name not in validation],
    ]
    kept = _drawers_of(characters, drawers, split_seed)
    train, validated, tested = (
        _subset(whole, characters, names, None if kept is None else kept == part)
        for part, names in enumerate(parts)
    )
    if train is not None and (quarter_turns or mirrored):
        train = RotatedClasses(train, quarter_turns=quarter_turns, mirrored=mirrored)
    return DataSplits(train, validated, tested)


def _home(root: str) -> Path:
    folder = existing_folder(root, f"Omniglot ({BACKGROUND} and {EVALUATION})")
    for inner in FOLDERS:
        if (folder / inner / BACKGROUND).is_dir() and (folder / inner / EVALUATION).is_dir():
            return folder / inner
    raise ValueError(
        f"{root} does not hold Omniglot: unpack {BACKGROUND}.zip and {EVALUATION}.zip there; "
        "torchvision.datasets.Omniglot(DIR, background=True, download=True), and False, fetches them."
    )


def _characters(home: Path, archive: str) -> list[_Character]:
    """The characters of one archive, ordered by alphabet and character."""
    found = []
    for alphabet in sorted(entry.name for entry in (home / archive).iterdir() if entry.is_dir()):
        folder = os.path.join(archive, alphabet)
        for character, files in identity_folders(home / folder).items():
            drawings = [(int(match[1]), file) for file in files if (match := _DRAWING.search(file))]
            if len(drawings) != len(files):
                odd = next(file for file in files if not _DRAWING.search(file))
                raise ValueError(
                    f"{home / folder / character / odd} is not named as Omniglot's drawings are, NNNN_DD.png with the "
                    "drawer's number: unpack the archives anew."
                )
            found.append(_Character(archive, alphabet, os.path.join(folder, character), drawings))
    if not found:
        raise ValueError(f"{home / archive} holds no ALPHABET/characterNN/NNNN_DD.png: unpack {archive}.zip.")
    return found


def _images(
    home: Path, characters: list[_Character], spatial_size: SpatialSize, channels: int, keep: bool
) -> ImageFiles:
    alphabets = {name: i for i, name in enumerate(dict.fromkeys(one.alphabet for one in characters))}
    sizes = [len(one.drawings) for one in characters]
    drawer = np.array([number for one in characters for number, _ in one.drawings], dtype=np.int64)
    return ImageFiles(
        home,
        [os.path.join(one.folder, file) for one in characters for _, file in one.drawings],
        np.repeat(np.arange(len(characters), dtype=np.int64), sizes),
        [f"{one.alphabet}/{Path(one.folder).name}" for one in characters],
        spatial_size=spatial_size,
        channels=channels,
        grouping=Grouping(
            np.repeat([alphabets[one.alphabet] for one in characters], sizes), drawer, list(alphabets)
        ),
        keep=keep,
    )


def _validation(archive: dict[str, str], count: int, source: str, seed: int) -> list[str]:
    """The alphabets held back for validation: the first of a ranking by a hash."""
    taken = BACKGROUND if source == "background" else EVALUATION
    names = [name for name in archive if archive[name] == taken]
    if count >= len(names):
        raise ValueError(
            f"validation_alphabets={count} leaves none of the {len(names)} alphabets of {taken}: hold fewer back."
        )
    return sorted(names, key=lambda name: key("validation alphabet", seed, name))[:count]


def _drawers_of(
    characters: list[_Character], drawers: Sequence[int] | None, seed: int
) -> NDArray[np.int64] | None:
    """Of each image the part, 0 to 2, that its drawer draws for, or 3 for none; None where all draw for all."""
    if drawers is None:
        return None
    part = np.repeat(np.arange(len(drawers) + 1), [*drawers, sum(len(one.drawings) for one in characters)])
    parts: list[int] = []
    for one in characters:
        numbers = sorted({number for number, _ in one.drawings})
        if len(numbers) < sum(drawers):
            raise ValueError(
                f"drawers={list(drawers)} asks for {sum(drawers)} drawers, but {one.folder} was drawn by "
                f"{len(numbers)}: ask for fewer."
            )
        ranked = sorted(numbers, key=lambda number: key("drawer", seed, one.alphabet, number))
        parts += [int(part[ranked.index(number)]) for number, _ in one.drawings]
    return np.array(parts)


def _subset(
    whole: ImageFiles, characters: list[_Character], alphabets: list[str], kept: NDArray[np.bool_] | None
) -> Images | None:
    """The images of some alphabets, or None where there is no alphabet."""
    chosen = [i for i, one in enumerate(characters) if one.alphabet in alphabets]
    return IdentitySubset(whole, np.array(chosen, dtype=np.int64), kept) if chosen else None
