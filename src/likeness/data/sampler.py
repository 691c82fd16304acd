"""Identity-balanced batches: P identities x K images, a stateless schedule.

P x K batches are those of Hermans, Beyer and Leibe, "In Defense of the Triplet Loss" (2017), section 2.
Commonly they come out of a stream of draws; here batch `i` of an epoch is a function of (seed, epoch, i)
alone, so that a run may start at any batch and every device computes its own share.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from likeness.randomness import generator, key

Int64s = NDArray[np.int64]


class Draw(NamedTuple):
    """One image as the sampler asks the dataset for it: augmentation is keyed by both numbers."""

    epoch: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which a draw has no use for


class ImagesByIdentity(NamedTuple):
    """The images of identities that can anchor: row e has `order[starts[e] : starts[e] + counts[e]]`."""

    order: NDArray[np.integer]  # [N] image indices, grouped by identity
    starts: NDArray[np.integer]  # [E]
    counts: NDArray[np.integer]  # [E], each at least 2


def _smallest(values: Int64s) -> NDArray[np.integer]:
    """The same numbers as int32 where they fit, in half the memory."""
    return values.astype(np.int32) if values.size == 0 or values.max() < 2**31 else values


def _grouped(identity: Int64s) -> NDArray[np.integer]:
    """Image indices sorted by identity, ties in order: a radix sort of the labels, 16 bits at a time."""
    order = _smallest(np.argsort((identity & 0xFFFF).astype(np.uint16), kind="stable"))
    for bits in range(16, int(identity.max(initial=0)).bit_length(), 16):
        digit = ((identity >> bits) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def _by_identity(identity: Int64s, counts: Int64s) -> ImagesByIdentity:
    starts = np.cumsum(counts) - counts
    anchors = counts > 1
    return ImagesByIdentity(_grouped(identity), _smallest(starts[anchors]), _smallest(counts[anchors]))


def _mix(numbers: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """A keyed 64-bit hash of every number: SplitMix64's (Steele, Lea and Flood 2014, figure 15)."""
    z = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class Groups(NamedTuple):
    """Groups of identities: group g has `rows[starts[g] : starts[g] + sizes[g]]`, of all that can anchor."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def draw(self, identities: int, *keys: int) -> NDArray[np.int64]:
        """`identities` rows of one group, each group as likely as it is large."""
        draw = generator("identities of a group", *keys)
        group = np.searchsorted(np.cumsum(self.sizes), draw.integers(self.sizes.sum()), side="right")
        members = self.rows[self.starts[group] : self.starts[group] + self.sizes[group]]
        return draw.permutation(members)[:identities]


class EpochPlan:
    """The batches of one epoch, each computed when it is asked for, in any order.

    Raises `IndexError` for a batch that the epoch does not have.
    """

    def __init__(
        self,
        samples: ImagesByIdentity,
        groups: Groups | None,
        *,
        identities: int,
        images: int,
        batches: int,
        within_group: float,
        seed: int,
        epoch: int,
        rank: int,
        world_size: int,
    ) -> None:
        self._groups, self._within_group = groups, within_group
        self._members, self._identities, self._images, self._batches = samples, identities, images, batches
        self._seed, self._epoch, self._rank, self._world_size = seed, epoch, rank, world_size
        self._salt = key("pictures of an identity", seed, epoch)  # as every version calls the draw
        self._round_number, self._round = 0, self._permuted_identities(0)

    def __len__(self) -> int:
        return self._batches

    def batch(self, i: int) -> Int64s:
        """Image indices `[P*K]` of the global batch `i`, identity by identity, K images each.

        Costs O(P * images of an identity), plus one permutation of the identities where a new round begins.
        """
        if not 0 <= i < self._batches:
            raise IndexError(f"batch {i} of an epoch of {self._batches}")
        if self._groups is not None and (turn := self._turn(i)) < self._turn(i + 1):
            return self._chosen(self._groups.draw(self._identities, self._seed, self._epoch, i), turn)
        round_number, place = divmod(i, self._members.counts.size // self._identities)
        if round_number != self._round_number:
            self._round_number, self._round = round_number, self._permuted_identities(round_number)
        rows = self._round[place * self._identities : (place + 1) * self._identities]
        return self._chosen(rows, round_number)

    def rank_batch(self, i: int) -> Int64s:
        """This rank's contiguous share `[P*K / world_size]` of batch `i`: whole identities."""
        share = self._identities * self._images // self._world_size
        return self.batch(i)[self._rank * share : (self._rank + 1) * share]

    def _turn(self, i: int) -> int:
        """How many batches before batch i, over all epochs, stayed within a group: a share of them, spread evenly."""
        return int((self._epoch * self._batches + i) * self._within_group + 1e-9)

    def _permuted_identities(self, round_number: int) -> NDArray[np.int32]:
        draw = generator("identities of an epoch", self._seed, self._epoch, round_number)
        return draw.permutation(np.arange(self._members.counts.size, dtype=np.int32))

    def _chosen(self, rows: NDArray[np.integer], round_number: int) -> Int64s:
        order, starts, per_identity = self._members
        counts = per_identity[rows].astype(np.int64)
        first = np.cumsum(counts) - counts
        row = np.repeat(np.arange(rows.size), counts)
        mine = order[np.arange(counts.sum()) + np.repeat(starts[rows] - first, counts)].astype(np.int64)
        # ranking an identity's images by a keyed hash permutes them, for all P identities in one sort
        permuted = mine[np.lexsort((_mix(mine.astype(np.uint64), self._salt), row))]
        position = round_number * self._images + np.arange(self._images)
        return permuted[first[:, None] + position % counts[:, None]].reshape(-1)


class IdentityBalancedBatches(Sampler[list[Draw]]):
    """A batch sampler of P identities x K images each, for the `batch_sampler` of a torch `DataLoader`.

    An epoch has as many batches as the images of all eligible identities would fill (at least one). It
    goes in rounds: each is a keyed permutation of the eligible identities, taken P at a time, its remainder
    of fewer than P dropped, so that no identity is twice in a batch. In round r an identity gives the
    images at positions r*K .. r*K+K-1, modulo their number n, of its own permutation of that epoch, so
    that its images come up evenly.

    An identity with one image has no positive and never enters (`singles` counts them). One with fewer than
    K images repeats some of them within a batch (`short` counts them).

    With `within_group` that share of the batches, spread evenly, has its identities from one group each, as letters of
    one alphabet, whose differences are finer than those of letters of two: a group that has P identities or more is
    drawn, by their number, then P of them.

    Over several devices each rank takes its contiguous P / world_size identities of the same global batch.

    Args:
        identity: label of every image, `[N]`, not negative.
        identities: P, identities in a global batch, a multiple of `world_size`.
        images: K, images of each.
        seed: every draw is a function of (seed, epoch, batch).
        rank: this device's number.
        world_size: the number of devices.
        group: the group of each image's identity, `[N]`, or None where there are none.
        within_group: the share of the batches that stay within a group.

    Raises:
        ValueError: P or K below 2, P not a multiple of `world_size`, no identity with two images, or
            fewer than P of them; or batches within a group of data that have none, or none of P identities.
    """

    def __init__(
        self,
        identity: Int64s,
        *,
        identities: int,
        images: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        group: Int64s | None = None,
        within_group: float = 0.0,
    ) -> None:
        _check_shape(identities, images, world_size)
        counts = np.bincount(identity)
        self._members = _by_identity(identity, counts)
        eligible = self._members.counts.size
        _check_eligible(eligible, int(np.count_nonzero(counts)), identities)
        self._within_group = within_group
        self._groups = _groups(self._members, group, identities) if within_group > 0 else None
        self.identities, self.images, self.seed = identities, images, seed
        self.rank, self.world_size = rank, world_size
        self.eligible = eligible
        self.singles = int(np.count_nonzero(counts == 1))
        self.short = int(np.count_nonzero(self._members.counts < images))
        self._batches = max(1, int(self._members.counts.sum(dtype=np.int64)) // (identities * images))
        self._epoch, self._start = 0, 0

    def __len__(self) -> int:
        """Batches in an epoch, wherever the iteration starts."""
        return self._batches

    def plan(self, epoch: int) -> EpochPlan:
        """The batches of `epoch`: a function of (seed, epoch) alone."""
        return EpochPlan(
            self._members,
            self._groups,
            identities=self.identities,
            images=self.images,
            batches=self._batches,
            within_group=self._within_group,
            seed=self.seed,
            epoch=epoch,
            rank=self.rank,
            world_size=self.world_size,
        )

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Let the next iteration give the batches of `epoch` from batch `start` on."""
        self._epoch, self._start = epoch, start

    def __iter__(self) -> Iterator[list[Draw]]:
        # read once: a loader that reads ahead must not be moved by the next `set_epoch`
        epoch, start = self._epoch, self._start
        plan = self.plan(epoch)
        for i in range(start, len(plan)):
            yield [Draw(epoch, index) for index in plan.rank_batch(i).tolist()]


def _groups(samples: ImagesByIdentity, group: Int64s | None, identities: int) -> Groups:
    """The groups of which `identities` can anchor."""
    if group is None:
        raise ValueError(
            "`within_group` asks for batches within one group, but the classes of these data have no groups: "
            "choose within_group=0, or data that have some, as Omniglot's."
        )
    of_row = group[samples.order[samples.starts]]
    rows = np.argsort(of_row, kind="stable")
    _, starts, sizes = np.unique(of_row[rows], return_index=True, return_counts=True)
    large = sizes >= identities
    if not large.any():
        raise ValueError(
            f"A batch within one group wants {identities} classes, but the largest group has {sizes.max()}: choose "
            f"identities={sizes.max()} or fewer, or within_group=0."
        )
    return Groups(rows, starts[large], sizes[large])


def _check_shape(identities: int, images: int, world_size: int) -> None:
    if identities < 2:
        raise ValueError(
            f"A batch of {identities} identities has no negatives: choose at least 2 identities a batch."
        )
    if images < 2:
        raise ValueError(
            f"A batch of {images} image an identity has no positives: choose at least 2 of each identity."
        )
    if identities % world_size:
        raise ValueError(
            f"{identities} identities a batch cannot be shared evenly by {world_size} devices: "
            f"choose a multiple of {world_size}."
        )


def _check_eligible(eligible: int, there: int, identities: int) -> None:
    if eligible == 0:
        raise ValueError(
            f"None of the {there} training identities has two images, so no triplet has a positive: "
            "add images."
        )
    if eligible < identities:
        raise ValueError(
            f"A batch wants {identities} identities, but only {eligible} of the {there} training identities "
            f"have two or more images: choose identities={eligible} or fewer, or add images."
        )
