import time
from collections import Counter

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from likeness.data.sampler import Draw, IdentityBalancedBatches


def labels(counts, seed=0):
    """Labels in shuffled order, `counts[i]` images of identity i."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)


MIXED = labels([1, 2, 3, 5, 8, 13, 1, 4, 4, 4, 30, 7, 1, 9, 6, 2, 11])


def sampler(identity=MIXED, identities=4, images=4, seed=3, **more):
    return IdentityBalancedBatches(identity, identities=identities, images=images, seed=seed, **more)


def whole(plan):
    return np.stack([plan.batch(i) for i in range(len(plan))])


def test_every_batch_has_p_identities_of_k_images():
    plan = sampler().plan(0)
    counts = np.bincount(MIXED)
    assert len(plan) == counts[counts > 1].sum() // 16
    for batch in whole(plan):
        people = MIXED[batch].reshape(4, 4)
        assert (people == people[:, :1]).all()
        assert len(set(people[:, 0])) == 4
        for person, images in zip(people[:, 0], batch.reshape(4, 4), strict=True):
            assert len(set(images)) == min(4, counts[person])


def test_identities_of_one_image_never_enter_and_short_ones_are_counted():
    batches = sampler()
    singles = np.flatnonzero(np.bincount(MIXED) == 1)
    for epoch in range(5):
        assert not np.isin(MIXED[whole(batches.plan(epoch))], singles).any()
    assert (batches.singles, batches.short, batches.eligible) == (3, 3, 14)


def test_plan_is_a_function_of_seed_and_epoch_only():
    batches = sampler()
    first = whole(batches.plan(7))
    whole(batches.plan(2))
    assert (whole(batches.plan(7)) == first).all()
    assert (whole(sampler().plan(7)) == first).all()
    assert not (whole(batches.plan(8)) == first).all()
    assert not (whole(sampler(seed=4).plan(7)) == first).all()


def test_batches_come_in_any_order():
    first = whole(sampler().plan(1))
    plan = sampler().plan(1)
    for i in np.random.default_rng(0).permutation(len(plan)):
        assert (plan.batch(int(i)) == first[i]).all()
    with pytest.raises(IndexError):
        plan.batch(len(plan))


def test_starting_anywhere_gives_the_tail_of_the_whole():
    batches = sampler()
    batches.set_epoch(5)
    everything = list(batches)
    assert len(everything) == len(batches)
    assert everything[0] == [Draw(5, int(i)) for i in batches.plan(5).batch(0)]
    for start in range(len(batches) + 1):
        batches.set_epoch(5, start=start)
        assert list(batches) == everything[start:]


@pytest.mark.parametrize("world_size", [2, 4])
def test_ranks_share_the_batch_of_one_device(world_size):
    alone = sampler().plan(3)
    plans = [sampler(rank=rank, world_size=world_size).plan(3) for rank in range(world_size)]
    for i in range(len(alone)):
        shares = [plan.rank_batch(i) for plan in plans]
        assert (np.concatenate(shares) == alone.batch(i)).all()
        people = [set(MIXED[share]) for share in shares]
        assert sum(map(len, people)) == len(set.union(*people)) == 4


def test_all_images_of_an_identity_come_up_evenly():
    # 12 identities of 4 to 15 images, 4 a batch: every round shows every identity once
    identity = labels(list(range(4, 16)))
    plan = sampler(identity, images=3).plan(0)
    rounds = len(plan) // 3
    shown = Counter(whole(plan)[: rounds * 3].reshape(-1).tolist())
    for person in range(12):
        times = [shown[int(i)] for i in np.flatnonzero(identity == person)]
        assert sum(times) == rounds * 3
        assert max(times) - min(times) <= 1


def test_images_and_partners_are_drawn_uniformly_over_epochs():
    identity = labels([6] * 6)
    batches = sampler(identity, identities=2, images=2)
    shown, partners = Counter(), Counter()
    for epoch in range(600):
        first = batches.plan(epoch).batch(0).reshape(2, 2)
        shown.update(first.reshape(-1).tolist())
        partners.update(tuple(sorted(pair)) for pair in first.tolist())
    assert len(shown) == 36
    assert len(partners) == 6 * 15  # every pair of every identity
    expected = 600 * 4 / 36
    assert (
        sum((n - expected) ** 2 / expected for n in shown.values()) < 80
    )  # chi-square, 35 degrees: p < 1e-4


def test_labels_beyond_16_bits_are_grouped():
    identity = labels([2, 3] * 100_000)
    plan = sampler(identity, identities=2000, images=2).plan(0)
    for i in (0, 99, len(plan) - 1):
        images = plan.batch(i).reshape(-1, 2)
        assert (identity[images[:, 0]] == identity[images[:, 1]]).all()
        assert (images[:, 0] != images[:, 1]).all()


def test_few_images_still_give_one_batch():
    batches = sampler(labels([2, 2, 2]), identities=3, images=4)
    assert len(batches) == 1
    assert sorted(Counter(batches.plan(0).batch(0).tolist()).values()) == [2] * 6


def test_the_loader_hands_draws_to_its_dataset():
    class Echo(Dataset):
        def __getitem__(self, draw):
            return draw.epoch, draw.index

    batches = sampler()
    batches.set_epoch(2, start=1)
    loaded = list(DataLoader(Echo(), batch_sampler=batches, num_workers=1))
    assert [epochs.unique().tolist() for epochs, _ in loaded] == [[2]] * (len(batches) - 1)
    assert (loaded[0][1].numpy() == batches.plan(2).batch(1)).all()


@pytest.mark.parametrize(
    ("counts", "arguments", "words"),
    [
        ([2, 2, 1], {"identities": 3}, "only 2 of the 3"),
        ([1, 1, 1], {}, "two images"),
        ([4, 4], {"images": 1}, "no positives"),
        ([4, 4], {"identities": 1}, "no negatives"),
        ([4, 4, 4, 4], {"world_size": 3}, "multiple of 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused(counts, arguments, words):
    with pytest.raises(ValueError, match=words):
        sampler(labels(counts), **arguments)


def test_planning_costs_no_more_than_a_permutation_of_the_identities():
    def seconds(people):
        batches = sampler(np.repeat(np.arange(people), 10), identities=16)
        best = []
        for epoch in range(5):
            began = time.perf_counter()
            plan = batches.plan(epoch)
            plan.batch(0)
            plan.batch(len(plan) - 1)
            best.append(time.perf_counter() - began)
        return min(best)

    seconds(100)
    # 32 times the images cost 32 times as much: room for a busy machine's caches, none for a quadratic
    assert seconds(320_000) < 300 * max(seconds(10_000), 1e-4)


ALPHABETS = np.repeat([0, 1, 2], [6, 9, 4])[np.repeat(np.arange(19), 5)]
LETTERS = np.repeat(np.arange(19), 5).astype(np.int64)


def grouped(within_group, identities=5, **more):
    wanted = {"identities": identities, "images": 2, "group": ALPHABETS, "within_group": within_group} | more
    return sampler(LETTERS, **wanted)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 1.0])
def test_a_share_of_the_batches_stays_within_a_group(share):
    batches = grouped(share, identities=4)
    alone = [len(set(ALPHABETS[batch])) == 1 for epoch in range(40) for batch in whole(batches.plan(epoch))]
    assert np.mean(alone) == pytest.approx(share, abs=0.07)


def test_batches_within_a_group_are_full_and_groups_come_by_their_size():
    found = [batch for epoch in range(60) for batch in whole(grouped(1.0).plan(epoch))]
    for batch in found:
        people = LETTERS[batch].reshape(5, 2)
        assert (people == people[:, :1]).all()
        assert len(set(people[:, 0])) == 5
        assert len(set(batch)) == 10
    groups = np.array([ALPHABETS[batch[0]] for batch in found])
    assert set(groups) == {0, 1}  # the one of four letters can't fill a batch
    assert np.mean(groups == 1) == pytest.approx(9 / 15, abs=0.06)
    assert np.bincount(LETTERS[np.concatenate(found)])[:15].min() > 0


def test_batches_within_a_group_are_a_function_of_seed_epoch_and_place():
    plan = grouped(0.7).plan(3)
    first = whole(plan)
    assert (plan.batch(4) == first[4]).all()
    assert (whole(grouped(0.7).plan(3)) == first).all()
    assert not (whole(grouped(0.7, seed=4).plan(3)) == first).all()
    shares = [grouped(0.7, identities=4, rank=rank, world_size=2).plan(3) for rank in (0, 1)]
    assert (np.concatenate([plan.rank_batch(2) for plan in shares]) == shares[0].batch(2)).all()


def test_batches_within_groups_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"these data have no groups: choose within_group=0"):
        grouped(0.5, group=None)
    with pytest.raises(ValueError, match="wants 10 classes, but the largest group has 9"):
        grouped(0.5, identities=10)


@pytest.mark.parametrize("share", [0.2, 0.25, 0.5, 1.0])
def test_all_images_come_up_in_batches_within_a_group(share):
    identity = np.repeat(np.arange(12), 20).astype(np.int64)
    batches = IdentityBalancedBatches(
        identity, identities=12, images=2, seed=0, group=np.zeros(240, dtype=np.int64), within_group=share
    )
    plan = batches.plan(0)
    alone = [i for i in range(len(plan)) if int((i + 1) * share + 1e-9) > int(i * share + 1e-9)]
    shown = np.concatenate([plan.batch(i) for i in alone])
    assert np.bincount(shown, minlength=240).max() - np.bincount(shown, minlength=240).min() <= 1
