"""What a source of images looks like to everything that reads from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fingerprint import Files


class Grouping(NamedTuple):
    """Of each image the `group [N]` of its class, as a letter's alphabet, and its `drawer [N]` within the group.

    `names` are those of the groups, by their number.
    """

    group: NDArray[np.int64]
    drawer: NDArray[np.int64]
    names: Sequence[str]


class Images(Protocol):
    """Labelled images, addressed by index.

    `identity` is `[N]` int64, contiguous from 0; `load` gives tensors `[C, *spatial]`, uint8 or float32, all of one
    kind and shape, with any number of channels and 1, 2 or 3 axes.
    """

    @property
    def identity(self) -> NDArray[np.int64]:
        """Whom each image shows, `[N]`."""
        ...

    @property
    def grouping(self) -> Grouping | None:
        """How the classes are grouped, or None where they are not."""
        ...

    def __len__(self) -> int:
        """The number of images, N."""
        ...

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, `[C, *spatial]` each; raises `UnreadableImage`, which names a bad one."""
        ...

    def name(self, index: int) -> str:
        """What to call an image in a message or a figure."""
        ...

    def identity_name(self, identity: int) -> str:
        """What to call an identity in a message or a figure."""
        ...

    def fingerprint(self) -> dict[str, object]:
        """Plain JSON by which the same data is recognised, with a look into few of its files."""
        ...

    def files(self) -> Files:
        """The files that the images, and those of the whole that they are a part of, are read from."""
        ...


class Pairs(NamedTuple):
    """Verification pairs over some `Images`: indices `[M]`, whether they show one identity `[M]`, fold `[M]`."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]

    def fingerprint(self) -> dict[str, object]:
        """Their number, and a SHA-256 over all four columns."""
        return {"pairs": len(self.same), "sha256": _hash(*self)}


class Trials(NamedTuple):
    """One-shot trials over some `Images`: the `query [E, N]` and those `support [E, N]` that show the N classes.

    The n-th query of a trial is of the class that the n-th image of its support shows.
    """

    support: NDArray[np.int64]
    query: NDArray[np.int64]

    def fingerprint(self) -> dict[str, object]:
        """Their number, and a SHA-256 over both."""
        return {"trials": len(self.query), "sha256": _hash(*self)}


def _hash(*columns: NDArray[Any]) -> str:
    digest = sha256()
    for column in columns:
        digest.update(np.ascontiguousarray(column, dtype="<i8").data)
    return digest.hexdigest()


@dataclass(frozen=True)
class DataSplits:
    """What a data source hands to a run; no identity is in two splits.

    `pairs` is an official protocol over `test`; where it is None, balanced pairs are drawn. `all_known` says whether
    the identities of `test` are known beyond those pairs, so that retrieval can be measured. `trials` are official
    one-shot trials over `test`. Where pairs are drawn and `contexts [N]` of `test` are known, as the words of
    recordings, the two of a pair are of different ones. With `closed_set` the classes of `test` are those of `train`:
    an official split of samples, and no test of what is learned of new identities.
    """

    train: Images | None
    validation: Images | None
    test: Images | None
    pairs: Pairs | None = None
    all_known: bool = True
    trials: Trials | None = None
    contexts: NDArray[np.int64] | None = None
    closed_set: bool = False
