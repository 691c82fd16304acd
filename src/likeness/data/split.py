"""Identities into train, validation and test: no identity in two, by a seeded rule."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.duplicates import Hashed
from likeness.data.fingerprint import Files
from likeness.data.images import DataSplits, Images
from likeness.randomness import key

SPLITS = ("train", "validation", "test")


def split_identities(
    names: Sequence[str], shares: Sequence[float], seed: int, *, at_least: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which identities train, which validate, which test: positions in `names`, ascending.

    Names are ranked by a hash keyed by `seed`, and the ranking is cut at the shares: first test, then
    validation, then train. So the sizes are exact (a threshold on the hash would leave them to chance, and
    a small split empty), the rule does not depend on the order of `names`, and an identity more or less
    moves at most one other across each of the two cuts.

    Args:
        names: a distinct name for each identity.
        shares: of train, validation and test; they sum to 1.
        seed: another seed, another split.
        at_least: identities that a split with a share must hold; taken from the largest where rounding leaves
            fewer.

    Raises:
        ValueError: the shares are not three that sum to 1, or there are too few identities for them.
    """
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(
            f"split={list(shares)} is not a division: give the shares of train, validation and test, "
            "such as [0.8, 0.1, 0.1], which sum to 1."
        )
    wanted = [at_least if share > 0 else 0 for share in shares]
    if sum(wanted) > len(names):
        raise ValueError(
            f"{len(names)} identities are too few for split={list(shares)}, which needs {sum(wanted)}: "
            "add identities, or give a split the share 0."
        )
    ranked = sorted(range(len(names)), key=lambda i: (key("split", seed, names[i]), names[i]))
    _, validation, test = _sizes(len(names), shares, wanted)
    cuts = (test, test + validation)
    test_part, validation_part, train_part = np.split(np.array(ranked, dtype=np.int64), cuts)
    return np.sort(train_part), np.sort(validation_part), np.sort(test_part)


def _sizes(total: int, shares: Sequence[float], wanted: Sequence[int]) -> list[int]:
    """How many identities train, validate and test."""
    _, validation, test = shares
    first = int(total * test + 0.5 + 1e-9)
    second = int(total * (test + validation) + 0.5 + 1e-9)
    sizes = [total - second, second - first, first]
    for i in range(3):
        while sizes[i] < wanted[i]:
            sizes[int(np.argmax(np.array(sizes) - np.array(wanted)))] -= 1
            sizes[i] += 1
    return sizes


class IdentitySubset:
    """The images of some identities of another `Images`, relabelled from 0 in their order.

    Of them only those that are `kept [N]`, by default all; every identity keeps some.
    """

    def __init__(
        self, samples: Images, identities: NDArray[np.int64], kept: NDArray[np.bool_] | None = None
    ) -> None:
        new_label = np.full(int(samples.identity.max(initial=-1)) + 1, -1, dtype=np.int64)
        new_label[identities] = np.arange(identities.size)
        labels = new_label[samples.identity]
        self._images, self._identities = samples, identities
        chosen = labels >= 0 if kept is None else (labels >= 0) & kept
        self._kept, self._indices = kept, np.flatnonzero(chosen)
        self.identity: NDArray[np.int64] = labels[self._indices]
        whole = samples.grouping
        self.grouping = whole and whole._replace(
            group=whole.group[self._indices], drawer=whole.drawer[self._indices]
        )

    def __len__(self) -> int:
        """The number of images."""
        return self._indices.size

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, as the whole gives them."""
        return self._images.load([int(self._indices[i]) for i in indices])

    def name(self, index: int) -> str:
        """The image's name in the whole."""
        return self._images.name(int(self._indices[index]))

    def identity_name(self, identity: int) -> str:
        """The identity's name in the whole."""
        return self._images.identity_name(int(self._identities[identity]))

    def fingerprint(self) -> dict[str, object]:
        """The whole's fingerprint, and which identities (and images) of it these are: a hash of their names."""
        found: dict[str, object] = {
            "pictures": len(self),
            "identities": int(self._identities.size),
            "identities_sha256": _hash(self.identity_name(i) for i in range(self._identities.size)),
            "of": self._images.fingerprint(),
        }
        if self._kept is not None:
            found["images_sha256"] = _hash(self.name(i) for i in range(len(self)))
        return found

    @property
    def indices(self) -> NDArray[np.int64]:
        """Which samples of the whole these are."""
        return self._indices

    def hashes(self) -> Sequence[str] | None:
        """Those of the whole's samples, where it knows them."""
        whole = self._images.hashes() if isinstance(self._images, Hashed) else None
        return None if whole is None else [whole[i] for i in self._indices.tolist()]

    def files(self) -> Files:
        """Those of the whole."""
        return self._images.files()


def _hash(names: Iterable[str]) -> str:
    return sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def split_images(samples: Images, split: Sequence[float], split_seed: int, *, source: str) -> DataSplits:
    """`samples` as train, validation and test, no identity in two; a split of share 0 is None.

    Every split must be able to tell identities apart: at least two identities, one of them with two images.

    Raises:
        ValueError: the images do not suffice for that; `source` is named.
    """
    counts = np.bincount(samples.identity)
    if counts.max(initial=0) < 2:
        raise ValueError(
            f"None of the {counts.size} identities in {source} has two images, so no two images show "
            "the same identity: add images."
        )
    names = [samples.identity_name(i) for i in range(counts.size)]
    parts = split_identities(names, split, split_seed, at_least=2)
    for part, which in zip(parts, SPLITS, strict=True):
        if part.size and counts[part].max() < 2:
            raise ValueError(
                f"None of the {part.size} identities of {source} that fall to {which} has two images: "
                f"give {which} a larger share in `split`, choose another `split_seed`, or add images."
            )
    train, validation, test = (IdentitySubset(samples, part) if part.size else None for part in parts)
    return DataSplits(train=train, validation=validation, test=test)
