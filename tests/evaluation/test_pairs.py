import numpy as np
import pytest

from likeness.evaluation import balanced_pairs


def check(pairs, identity):
    assert np.array_equal(identity[pairs.first] == identity[pairs.second], pairs.same)
    assert (pairs.first != pairs.second).all()
    couples = np.stack([np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)])
    assert len(np.unique(couples, axis=1).T) == len(pairs.first)
    for number in np.unique(pairs.fold):
        assert pairs.same[pairs.fold == number].mean() == 0.5


def people_of(pairs, identity, number):
    mine = pairs.fold == number
    return set(identity[pairs.first[mine]]) | set(identity[pairs.second[mine]])


def test_folds_are_full_balanced_and_share_no_one():
    identity = np.random.default_rng(0).integers(0, 400, 3000) * 7
    pairs = balanced_pairs(identity, seed=11)
    check(pairs, identity)
    assert np.bincount(pairs.fold).tolist() == [600] * 10
    seen: set[int] = set()
    for number in range(10):
        people = people_of(pairs, identity, number)
        assert not people & seen
        seen |= people


def test_a_draw_is_a_function_of_the_seed():
    identity = np.repeat(np.arange(60), 5)
    one, again, other = (balanced_pairs(identity, pairs_per_fold=20, seed=seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.first, other.first)
    # Held fast: a change here changes every published number.
    assert one.first[:4].tolist() == [61, 0, 262, 191]
    assert one.second[:4].tolist() == [64, 4, 263, 194]


def test_few_people_share_folds_but_no_pair():
    identity = np.repeat(np.arange(12), 6)
    pairs = balanced_pairs(identity, seed=0)
    check(pairs, identity)
    assert np.bincount(pairs.fold).tolist() == [36] * 10  # 12 * 15 same pairs, all of them, 18 a fold


def test_few_pairs_make_few_folds():
    identity = np.array([0, 0, 0, 1])
    pairs = balanced_pairs(identity, seed=0)  # 3 same pairs, 3 different ones
    check(pairs, identity)
    assert np.bincount(pairs.fold).tolist() == [2, 2, 2]


def test_all_pairs_of_a_fold_can_be_used():
    identity = np.repeat(np.arange(50), 2)
    pairs = balanced_pairs(identity, seed=1, pairs_per_fold=600)
    check(pairs, identity)
    assert np.bincount(pairs.fold).tolist() == [10] * 10  # 5 people, 5 same pairs


def test_each_person_and_each_couple_is_equally_likely():
    identity = np.repeat(np.arange(4), [2, 40, 40, 80])
    same, different = np.zeros(4), np.zeros((4, 4))
    for seed in range(600):
        pairs = balanced_pairs(identity, folds=2, pairs_per_fold=2, seed=seed)
        one, other = identity[pairs.first], identity[pairs.second]
        np.add.at(same, one[pairs.same], 1)
        np.add.at(different, (one[~pairs.same], other[~pairs.same]), 1)
    # The first person has one pair, which is not drawn twice; the others make up for it.
    assert same / 600 == pytest.approx([0.4375, 0.52, 0.52, 0.52], abs=0.07)
    assert (different + different.T)[np.triu_indices(4, 1)] / 600 == pytest.approx(1 / 3, abs=0.07)


def test_a_million_images_take_little_time():
    identity = np.arange(1_000_000) // 10
    pairs = balanced_pairs(identity, seed=0)
    check(pairs, identity)
    assert len(pairs.first) == 6000


@pytest.mark.parametrize(
    ("identity", "options", "said"),
    [
        ([0, 0, 0], {}, "3 images of 1 identities"),
        ([0, 1, 2], {}, "too few"),
        ([], {}, "too few"),
        ([0, 0, 1, 1], {"folds": 1}, "at least 2"),
        ([0, 0, 1, 1], {"pairs_per_fold": 1}, "at least 2"),
        ([0, 0, 1, 1], {"seed": -1}, "at least 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(identity, options, said):
    with pytest.raises(ValueError, match=said):
        balanced_pairs(np.array(identity, dtype=np.int64), **({"seed": 0} | options))
