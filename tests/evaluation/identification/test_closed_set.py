"""Ranks and the cumulative match characteristic, by loops and by hand."""

import numpy as np
import pytest

from likeness.evaluation.identification import cumulative_match, joined, rank_rate, searches

DISTANCE = np.array(
    [
        [0.1, 0.5, 0.9],  # subject 7, which is nearest
        [0.6, 0.2, 0.4],  # subject 3, second
        [0.3, 0.3, 0.8],  # subject 7, tied with another
        [0.7, 0.6, 0.5],  # subject 9 is not enrolled
    ]
)
PROBE, GALLERY = np.array([7, 3, 7, 9]), np.array([7, 5, 3])


def test_by_hand():
    found = searches(DISTANCE, PROBE, GALLERY)
    assert found.rank.tolist() == [1, 2, 2, 0]
    assert found.distance.tolist() == [0.1, 0.4, 0.3, 0.5]
    assert found.mated.tolist() == [True, True, True, False]
    assert cumulative_match(found.rank[found.mated], 3) == pytest.approx([1 / 3, 1, 1])
    assert rank_rate(found.rank[found.mated], 1) == pytest.approx(1 / 3)


def test_ranks_are_what_sorting_gives():
    draw = np.random.default_rng(0)
    distance, probe = draw.random((200, 40)), draw.integers(0, 60, 200)
    gallery = draw.permutation(60)[:40]
    found = searches(distance, probe, gallery)
    for row, subject, rank, value in zip(distance, probe, found.rank, found.distance, strict=True):
        candidates = gallery[np.argsort(row)].tolist()
        assert rank == (candidates.index(subject) + 1 if subject in candidates else 0)
        assert value == (row[gallery.tolist().index(subject)] if subject in candidates else row.min())
    mated = found.rank[found.mated]
    curve = cumulative_match(mated, 40)
    assert curve == pytest.approx([np.mean(mated <= k) for k in range(1, 41)])
    assert curve[-1] == 1
    assert [rank_rate(mated, k) for k in (1, 5, 40)] == pytest.approx(curve[[0, 4, 39]])


def test_blocks_of_probes_are_the_whole():
    whole = searches(DISTANCE, PROBE, GALLERY)
    parts = joined([searches(DISTANCE[i : i + 1], PROBE[i : i + 1], GALLERY) for i in range(4)])
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


def test_an_encoder_that_tells_nothing_apart_finds_nobody():
    found = searches(np.ones((50, 10)), np.arange(50) % 10, np.arange(10))
    assert rank_rate(found.rank, 1) == 0  # and not 1, nor by luck of the order 1/10
    assert rank_rate(found.rank, 10) == 1


def test_a_subject_twice_in_the_gallery_is_refused():
    """As where the galleries of several trials were put together: ranks would count templates, not subjects."""
    with pytest.raises(ValueError, match="subject 7 is twice"):
        searches(np.ones((1, 3)), [7], [7, 5, 7])


@pytest.mark.parametrize("rank", [[], [0, 1], [4]])
def test_ranks_that_are_none_are_refused(rank):
    with pytest.raises(ValueError, match="between 1 and 3"):
        cumulative_match(np.asarray(rank, dtype=int), 3)


def test_a_rate_without_mated_probes_is_refused():
    for rank, most in (([], 1), ([0], 1), ([1], 0)):
        with pytest.raises(ValueError, match="needs mated probes"):
            rank_rate(np.asarray(rank, dtype=int), most)


@pytest.mark.parametrize(
    ("distance", "probe", "said"),
    [([[1.0, np.nan]], [0], "NaN"), ([[1.0, 2.0]], [0, 1], "shape"), ([[]], [0], "non-empty")],
)
def test_distances_that_are_none_are_refused(distance, probe, said):
    with pytest.raises(ValueError, match=said):
        searches(distance, probe, [0, 1])
