import numpy as np
import pytest

from likeness.evaluation import query_scores


def by_definition(embeddings, identity):
    """Loops over queries and ranks, distances by subtraction, ties by index."""
    rows = []
    for query in range(len(identity)):
        others = [i for i in range(len(identity)) if i != query]
        others.sort(key=lambda i: (float(((embeddings[i] - embeddings[query]) ** 2).sum()), i))
        wanted = sum(identity[i] == identity[query] for i in others)
        if wanted == 0:
            continue
        hits, total = 0, 0.0
        for rank, other in enumerate(others[:wanted], start=1):
            if identity[other] == identity[query]:
                hits += 1
                total += hits / rank
        rows.append((query, float(identity[others[0]] == identity[query]), hits / wanted, total / wanted))
    return np.array(rows).T


@pytest.mark.parametrize("kind", ["smooth", "tied", "collapsed", "far from the origin"])
@pytest.mark.parametrize("block", [1, 700, 1 << 22])
def test_scores_equal_their_definition(kind, block, monkeypatch):
    monkeypatch.setattr("likeness.evaluation.retrieval._BLOCK_VALUES", block)
    draw = np.random.default_rng(1)
    identity = draw.permutation(np.repeat([5, -3, 8, 70, 71, 72, 9, 10], [1, 2, 3, 9, 20, 1, 30, 4]))
    embeddings = draw.normal(size=(100, 5))[identity] + draw.normal(size=(len(identity), 5))
    if kind == "tied":
        embeddings = np.round(embeddings)
    elif kind == "collapsed":
        embeddings = np.full_like(embeddings, 0.1)
    elif kind == "far from the origin":
        embeddings += 1e5
    scores = query_scores(embeddings, identity)
    assert np.array(scores) == pytest.approx(by_definition(embeddings, identity), abs=1e-12)


def test_the_worked_example_of_map_at_r():
    # One query at 0 with R = 3, whose neighbours are right, wrong, right:
    # R-precision 2/3, MAP@R (1 + 2/3) / 3.
    embeddings = np.array([[0.0], [1], [2], [3], [50]])
    scores = query_scores(embeddings, [0, 0, 1, 0, 0])
    assert scores.query.tolist() == [0, 1, 3, 4]  # the lone image of identity 1 does not ask
    assert scores.precision_at_1[0] == 1
    assert scores.r_precision[0] == pytest.approx(2 / 3)
    assert scores.map_at_r[0] == pytest.approx((1 + 2 / 3) / 3)


def test_copies_of_an_image_tie_in_spite_of_rounding():
    draw = np.random.default_rng(2)
    embeddings = np.tile(draw.normal(size=(40, 33)), (5, 1))  # 5 copies of each: the first ones come first
    identity = np.concatenate([np.arange(40), np.full(160, 99)])
    identity[:40] //= 2
    scores = query_scores(embeddings, identity)
    assert np.array(scores) == pytest.approx(by_definition(embeddings, identity), abs=1e-12)


def test_float32_and_perfect_clusters():
    identity = np.repeat(np.arange(30), 4)
    embeddings = np.eye(30, dtype=np.float32)[identity]
    scores = query_scores(embeddings, identity)
    assert np.array(scores[1:]).min() == 1


@pytest.mark.parametrize(
    ("embeddings", "identity", "said"),
    [
        (np.zeros((3, 2)), [0, 1, 2], "at least 2 images"),
        (np.zeros((3, 2)), [0, 0], "identity must be of shape"),
        (np.full((2, 2), np.inf), [0, 0], "NaN or infinite"),
        (np.zeros(3), [0, 0, 0], "2-D"),
    ],
)
def test_what_cannot_be_asked_is_said(embeddings, identity, said):
    with pytest.raises(ValueError, match=said):
        query_scores(embeddings, identity)


def test_some_of_the_images_may_ask_among_all():
    draw = np.random.default_rng(5)
    identity = np.append(draw.integers(0, 20, 150), [30, 31])
    embeddings = draw.normal(size=(len(identity), 4)) + identity[:, None] * 0.05
    all_of_them = query_scores(embeddings, identity)
    some = query_scores(embeddings, identity, queries=40, seed=1)
    assert len(some.query) == len(set(some.query)) == 40
    assert (np.diff(some.query) > 0).all()
    place = np.searchsorted(all_of_them.query, some.query)
    for ours, theirs in zip(some, all_of_them, strict=True):
        assert np.array_equal(ours, theirs[place])
    assert not np.array_equal(some.query, query_scores(embeddings, identity, queries=40, seed=2).query)
    assert len(query_scores(embeddings, identity, queries=10_000).query) == 150
