"""The data that a run reads: its splits, of which unreadable images are left out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.config.make import make
from likeness.config.schema.base import Node
from likeness.data.images import DataSplits, Images, Pairs, Trials
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError


class ReadableSplits(NamedTuple):
    """The splits of some data, of which unreadable images are left out and told at the end."""

    train: SkippingUnreadable | None
    validation: SkippingUnreadable | None
    test: SkippingUnreadable | None
    pairs: Pairs | None
    all_known: bool
    trials: Trials | None
    contexts: NDArray[np.int64] | None = None
    closed_set: bool = False

    @property
    def classes(self) -> int:
        """The number of identities to train on."""
        return 0 if self.train is None else int(self.train.identity.max(initial=-1)) + 1


def build_data(node: Node) -> ReadableSplits:
    """The data that a `data` node names, none of whose images is read yet."""
    splits: DataSplits = make(node)
    if not isinstance(splits, DataSplits):
        raise LikenessError(
            f"data._target_={node.plain()['_target_']} gives no data, which are a likeness.data.images.DataSplits."
        )
    return ReadableSplits(
        _readable(splits.train),
        _readable(splits.validation),
        _readable(splits.test),
        splits.pairs,
        splits.all_known,
        splits.trials,
        splits.contexts,
        splits.closed_set,
    )


def _readable(samples: Images | None) -> SkippingUnreadable | None:
    return None if samples is None else SkippingUnreadable(samples)
