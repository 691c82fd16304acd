"""CelebA (Liu, Luo, Wang and Tang, "Deep Learning Face Attributes in the Wild", 2015)."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from likeness.data.image_files import (
    ImageFiles,
    existing_folder,
    files_of_identities,
    identity_folders,
)
from likeness.data.images import DataSplits
from likeness.data.split import split_images
from likeness.spatial import SpatialSize

LABELS = "identity_CelebA.txt"
IMAGES = "img_align_celeba"
NUMBER = re.compile(r"[0-9]{1,18}")


def celeba(
    *,
    root: str,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> DataSplits:
    """CelebA, split by identity into train, validation and test (not by its own partition file).

    `root` holds either the original files, `img_align_celeba/` and `identity_CelebA.txt`, or one folder an
    identity. The original images, 178 x 218, lose their top and bottom to the centre crop.

    Raises:
        ValueError: `root` is missing or holds neither, a line of the labels is malformed or names an image
            that is missing, or the images do not suffice for `split`.
    """
    folder = existing_folder(root, f"CelebA ({IMAGES}/ and {LABELS}, or one folder an identity)")
    if (folder / LABELS).is_file():
        samples = _original(folder, spatial_size, channels)
    else:
        found = identity_folders(folder)
        if IMAGES in found:
            raise ValueError(
                f"{root} holds {IMAGES}/ but not {LABELS}, which says who is who: put that file beside it."
            )
        if not found:
            raise ValueError(
                f"{root} does not hold CelebA: put {IMAGES}/ and {LABELS} there, or one folder an identity."
            )
        samples = files_of_identities(folder, found, spatial_size=spatial_size, channels=channels)
    return split_images(samples, split, split_seed, source=root)


def _original(folder: Path, spatial_size: SpatialSize, channels: int) -> ImageFiles:
    """The images that `identity_CelebA.txt` names, each line `000001.jpg 2880`."""
    # unpacking the archive with some tools leaves img_align_celeba/img_align_celeba
    home = folder / IMAGES / IMAGES if (folder / IMAGES / IMAGES).is_dir() else folder / IMAGES
    if not home.is_dir():
        raise ValueError(f"{folder} holds {LABELS} but no {IMAGES}/: unpack {IMAGES}.zip there.")
    rows = _labels(folder / LABELS)
    with os.scandir(home) as entries:
        there = {entry.name for entry in entries}
    missing = [file for file, _ in rows if file not in there]
    if missing:
        raise ValueError(
            f"{len(missing)} of the {len(rows)} images named in {folder / LABELS} are missing from {home}, "
            f"such as {missing[0]}: unpack {IMAGES}.zip again, or remove their lines."
        )
    names, identity = np.unique([label for _, label in rows], return_inverse=True)
    return ImageFiles(
        home,
        [file for file, _ in rows],
        identity.astype(np.int64),
        [str(name) for name in names],
        spatial_size=spatial_size,
        channels=channels,
    )


def _labels(path: Path) -> list[tuple[str, int]]:
    rows: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        fields = line.split()
        if len(fields) == 2 and NUMBER.fullmatch(fields[1]):
            if fields[0] in rows:
                raise ValueError(
                    f"Line {number} of {path} names {fields[0]} once more, and an image is of one identity: "
                    "remove one of its lines."
                )
            rows[fields[0]] = int(fields[1])
        elif fields:
            raise ValueError(
                f"Line {number} of {path} is not a file name and a number ('{line[:60]}'): mend that line."
            )
    if not rows:
        raise ValueError(f"{path} is empty: put CelebA's own {LABELS} there.")
    return list(rows.items())
