"""Samples that are equal to the byte, within an identity and across identities."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.images import Images


@runtime_checkable
class Hashed(Protocol):
    """Samples that know the hashes of their contents: all sources but those that draw, which have no copies."""

    def hashes(self) -> Sequence[str] | None:
        """A hash of each sample's content `[N]`, empty where nothing is known of it; None: of none."""
        ...


class Copy(NamedTuple):
    """A sample, the first that is equal to it, and whether both show one identity; each as `part: name`."""

    name: str
    first: str
    same: bool


class Duplicates(NamedTuple):
    """The copies among some samples: of the same identity, and such as are said to show another."""

    within: list[Copy]
    across: list[Copy]

    def plain(self) -> dict[str, object]:
        """Their numbers and the first ten of each, as a run's record has them."""
        return {
            kind: {"count": len(found), "such_as": [f"{one.name} = {one.first}" for one in found[:10]]}
            for kind, found in self._asdict().items()
        }


def duplicates_in(parts: Mapping[str, Images]) -> Duplicates:
    """The copies among the samples of all parts, such as train and test, in the order of the parts."""
    first: dict[str, tuple[str, str]] = {}
    found = Duplicates([], [])
    for part, images in parts.items():
        known = images.hashes() if isinstance(images, Hashed) else None
        for index, content in enumerate(known or ()):
            if not content:
                continue
            name = f"{part}: {images.name(index)}"
            identity = images.identity_name(int(images.identity[index]))
            before, whose = first.setdefault(content, (name, identity))
            if before != name:
                (found.within if whose == identity else found.across).append(
                    Copy(name, before, whose == identity)
                )
    return found


def hash_of_sample(sample: Tensor) -> str:
    """The SHA-256 of a sample's values and shape."""
    return sha256(repr(tuple(sample.shape)).encode() + sample.contiguous().numpy().tobytes()).hexdigest()


def is_new(hashes: Sequence[str], seen: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Of each hash `[N]` whether it is neither among the earlier ones nor among those `seen` before."""
    known, new = set(seen), np.empty(len(hashes), np.bool_)
    for place, content in enumerate(hashes):
        new[place] = content not in known
        known.add(content)
    return new
