"""Drawn faces as a source of images."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.drawn_faces.render import render
from likeness.data.fingerprint import Files
from likeness.data.images import DataSplits

SAME_IMAGES = "same_images.txt"
"""Hashes of this folder's code, a line each, that have drawn the same images to the bit; add one after a change that
keeps them, as the tests tell."""

_FIRST_TO_VALIDATE, _FIRST_TO_TEST = 10**12, 2 * 10**12


class DrawnFaces:
    """`pictures_per_identity` images of each of the people `first .. first + identities - 1` of a seed.

    Nothing is drawn before `load`, and nothing is kept.
    """

    grouping = None

    def __init__(
        self,
        seed: int,
        first: int,
        identities: int,
        pictures_per_identity: int,
        image_size: int,
        channels: int,
    ) -> None:
        self.seed, self.first, self.identities = seed, first, identities
        self.pictures_per_identity, self.image_size, self.channels = (
            pictures_per_identity,
            image_size,
            channels,
        )
        self.identity: NDArray[np.int64] = np.repeat(
            np.arange(identities, dtype=np.int64), pictures_per_identity
        )

    def __len__(self) -> int:
        return len(self.identity)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, uint8 `[channels, image_size, image_size]` each."""
        at = np.asarray(indices, np.int64)
        if len(at) and (at.min() < 0 or at.max() >= len(self)):
            raise IndexError(f"drawn faces has images 0 to {len(self) - 1}, not {at.min()} to {at.max()}")
        person, image = np.divmod(at, self.pictures_per_identity)
        pixels = render(self.seed, person + self.first, image, self.image_size, self.channels)
        return list(torch.from_numpy(pixels))

    def name(self, index: int) -> str:
        """Such as "person 12, image 3"."""
        person, image = divmod(int(index), self.pictures_per_identity)
        return f"{self.identity_name(person)}, image {image}"

    def identity_name(self, identity: int) -> str:
        """Such as "person 12", numbered through all the splits of a seed."""
        return f"person {self.first + int(identity)}"

    def fingerprint(self) -> dict[str, object]:
        """All that the images are a function of, the code that draws them included."""
        return {
            "source": "drawn_faces",
            "code_sha256": _hash_of_code(),
            "seed": self.seed,
            "first": self.first,
            "identities": self.identities,
            "pictures_per_identity": self.pictures_per_identity,
            "image_size": self.image_size,
            "channels": self.channels,
        }

    def files(self) -> Files:
        """None: they are drawn."""
        return Files(Path(), [])


@cache
def _hash_of_code() -> str:
    """A hash of the code that draws; of codes that are known to draw the same images, that of the first."""
    folder, digest = Path(__file__).parent, sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(f"{path.name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    same = (folder / SAME_IMAGES).read_text().split()
    return same[0] if digest.hexdigest() in same else digest.hexdigest()


def drawn_faces(
    *,
    identities: int,
    pictures_per_identity: int,
    validation_identities: int,
    test_identities: int,
    seed: int,
    image_size: int,
    channels: int,
) -> DataSplits:
    """Faces that are drawn on demand: people 0, 1, ... to train on, 10^12, ... to validate, 2 x 10^12, ... to test.

    Whoever is tested on in one configuration of a seed is thus trained on in none.
    Each image is a pure function of (seed, person, image). With `validation_identities` 0 there is no validation
    split. Raises `ValueError` for a number out of its range.
    """
    for name, value, least in (
        ("identities", identities, 1),
        ("pictures_per_identity", pictures_per_identity, 1),
        ("validation_identities", validation_identities, 0),
        ("test_identities", test_identities, 1),
        ("image_size", image_size, 16),
    ):
        if value < least:
            raise ValueError(f"{name}={value}, but drawn_faces needs at least {least}: give a larger number.")
    if channels not in (1, 3):
        raise ValueError(
            f"channels={channels}, but drawn_faces draws 1 (grey) or 3 (colour): give one of them."
        )

    def people(first: int, count: int) -> DrawnFaces:
        return DrawnFaces(seed, first, count, pictures_per_identity, image_size, channels)

    return DataSplits(
        train=people(0, identities),
        validation=people(_FIRST_TO_VALIDATE, validation_identities) if validation_identities else None,
        test=people(_FIRST_TO_TEST, test_identities),
    )
