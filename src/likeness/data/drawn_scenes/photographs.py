"""Drawn photographs: one face each, of whom it is known who they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_scenes.drawing import photograph
from likeness.data.drawn_scenes.scenes import hash_of_code, told
from likeness.data.faces import Scene
from likeness.data.fingerprint import Files


class DrawnPhotographs:
    """`photographs` scenes of each of the people `first .. first + identities - 1` of a seed, who are `DrawnFaces`'.

    In photograph n of a person the head is that of the person's image n in `DrawnFaces`, turned and dressed likewise,
    but somewhere in a larger image, before other surroundings, and photographed anew: sharp or not, light or dark, in
    more or less colour. What finding the faces costs is told by the same photographs with their points known.
    `identity` is `[N]`, as `Images` has it. Each is a pure function of
    (seed, person, photograph, height, width).
    """

    def __init__(
        self, seed: int, first: int, identities: int, photographs: int, height: int, width: int
    ) -> None:
        self.seed, self.first, self.identities, self.photographs = seed, first, identities, photographs
        self.height, self.width = height, width
        self.identity: NDArray[np.int64] = np.repeat(np.arange(identities, dtype=np.int64), photographs)

    def __len__(self) -> int:
        return len(self.identity)

    def load(self, indices: Sequence[int]) -> list[Scene]:
        """The scenes at `indices`, of one face each."""
        return [self._one(index) for index in indices]

    def _one(self, index: int) -> Scene:
        if not 0 <= index < len(self):
            raise IndexError(f"drawn photographs has images 0 to {len(self) - 1}, not {index}")
        person, number = divmod(int(index), self.photographs)
        return told(photograph(self.seed, self.first + person, number, self.height, self.width)).scene

    def name(self, index: int) -> str:
        """Such as "person 12, photograph 3"."""
        person, number = divmod(int(index), self.photographs)
        return f"{self.identity_name(person)}, photograph {number}"

    def identity_name(self, identity: int) -> str:
        """Such as "person 12", as `DrawnFaces` has it."""
        return f"person {self.first + int(identity)}"

    def fingerprint(self) -> dict[str, object]:
        """All that the photographs are a function of, the code that draws them included."""
        return {
            "source": "drawn_photographs",
            "code_sha256": hash_of_code(),
            "seed": self.seed,
            "first": self.first,
            "identities": self.identities,
            "photographs": self.photographs,
            "height": self.height,
            "width": self.width,
        }

    def files(self) -> Files:
        """None: they are drawn."""
        return Files(Path(), [])
