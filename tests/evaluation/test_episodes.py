import numpy as np
import pytest

from likeness.evaluation import (
    EUCLIDEAN,
    episode_distances,
    episodes_across,
    episodes_within,
    evaluate_one_shot,
    one_shot_scores,
)

# 3 alphabets of 6, 9 and 4 letters, each drawn by the 5 drawers of its own alphabet, in shuffled order
SIZES = (6, 9, 4)
TABLE = np.array(
    [
        (letter, group, drawer)
        for group, size in enumerate(SIZES)
        for letter in range(size)
        for drawer in range(5)
    ]
)
TABLE[:, 0] += np.repeat([0, 6, 15], [30, 45, 20])
TABLE = np.random.default_rng(0).permutation(TABLE)
IDENTITY, GROUP, DRAWER = TABLE.T


def within(**more):
    wanted = {"ways": 5, "shots": 2, "episodes": 40, "seed": 3} | more
    return episodes_within(IDENTITY, GROUP, DRAWER, **wanted)


def test_an_episode_within_a_group_has_its_letters_and_one_drawer_asks_the_others():
    found = within()
    assert found.support.shape == (40, 5, 2)
    assert found.query.shape == found.cluster.shape == (40, 5)
    assert (IDENTITY[found.support] == IDENTITY[found.query][:, :, None]).all()
    for support, query, cluster in zip(*found, strict=True):
        assert len(set(IDENTITY[query])) == 5
        assert set(GROUP[query]) == set(cluster) <= {0, 1}  # the alphabet of four letters is too small
        assert len(set(DRAWER[query])) == 1
        drawers = np.unique(DRAWER[support], axis=0)
        assert len(drawers) == 1
        assert len({*drawers[0], DRAWER[query[0]]}) == 3
    assert np.bincount(found.cluster[:, 0]).tolist() == [20, 20]


def test_an_episode_across_groups_draws_any_letters():
    found = episodes_across(IDENTITY, ways=12, shots=2, episodes=200, seed=0)
    assert (IDENTITY[found.support] == IDENTITY[found.query][:, :, None]).all()
    images = np.concatenate([found.support, found.query[:, :, None]], axis=2)
    assert all(len(set(three)) == 3 for three in images.reshape(-1, 3))
    assert all(len(set(IDENTITY[query])) == 12 for query in found.query)
    assert (found.cluster == IDENTITY[found.query]).all()
    often = np.bincount(IDENTITY[found.query].ravel())
    assert often.min() > 90  # 19 letters, each expected 126 times
    assert often.max() < 165


@pytest.mark.parametrize("draw", [within, lambda **more: episodes_across(IDENTITY, ways=5, **more)])
def test_episodes_are_a_function_of_the_seed_and_their_number(draw):
    one, again, other = (draw(seed=seed, episodes=8) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.query, other.query)
    longer = draw(seed=4, episodes=20)
    assert np.array_equal(longer.query[:8], one.query)


def test_drawings_that_are_missing_are_never_asked_for():
    there = ~((IDENTITY < 2) & (DRAWER == 1))
    found = episodes_within(
        IDENTITY[there], GROUP[there], DRAWER[there], ways=5, shots=1, episodes=200, seed=0
    )
    assert np.array_equal(IDENTITY[there][found.support[:, :, 0]], IDENTITY[there][found.query])


@pytest.mark.parametrize(
    ("ways", "shots", "words"),
    [
        (10, 1, "an episode of 10 classes of one group is asked for, but the largest group has 9"),
        (
            5,
            5,
            "an episode of 5 images of each class and one to ask needs 6 drawers, but a group has 5 at most",
        ),
        (1, 1, "needs at least 2 ways"),
        (5, 0, "needs at least 2 ways and 1 shot"),
    ],
)
def test_an_episode_within_groups_that_cannot_be_is_refused(ways, shots, words):
    with pytest.raises(ValueError, match=words):
        within(ways=ways, shots=shots)


@pytest.mark.parametrize(
    ("ways", "shots", "words"),
    [(20, 1, "only 19 of 19 classes have 2"), (4, 5, "only 0 of 19 classes have 6")],
)
def test_an_episode_across_groups_that_cannot_be_is_refused(ways, shots, words):
    with pytest.raises(ValueError, match=words):
        episodes_across(IDENTITY, ways=ways, shots=shots, seed=0)


def test_drawers_who_drew_too_little_together_are_told():
    alone = np.arange(12) % 6  # each letter by two drawers, no two letters by the same two
    drawer = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    with pytest.raises(ValueError, match="no 2 drawers of some group drew so many"):
        episodes_within(alone, np.zeros(12, int), drawer, ways=3, episodes=2, seed=0)


def test_scores_are_those_of_a_loop():
    draw = np.random.default_rng(1)
    embeddings = draw.normal(size=(len(IDENTITY), 3)) + IDENTITY[:, None] * 0.2
    episodes = within(shots=2, episodes=30)
    distance = episode_distances(EUCLIDEAN.pairs, embeddings, episodes)
    assert distance.shape == (30, 5, 5, 2)
    right = []
    for support, query in zip(episodes.support, episodes.query, strict=True):
        for n, asked in enumerate(query):
            away = [
                np.mean([np.sum((embeddings[asked] - embeddings[one]) ** 2) for one in shown])
                for shown in support
            ]
            right.append(float(int(np.argmin(away)) == n))
    scores = one_shot_scores(distance)
    assert scores.ravel().tolist() == right
    assert 0.2 < scores.mean() < 0.9
    metric = evaluate_one_shot(scores, np.repeat(np.arange(30), 5).reshape(30, 5))
    assert (metric.value, metric.count) == (pytest.approx(np.mean(right)), 150)
    assert metric.low <= metric.value <= metric.high


def test_an_encoder_that_tells_nothing_apart_scores_by_chance():
    episodes = within(shots=1)
    scores = one_shot_scores(episode_distances(EUCLIDEAN.pairs, np.ones((len(IDENTITY), 4)), episodes))
    assert (scores == 1 / 5).all()


def test_an_interval_is_over_clusters():
    # six alphabets, of which every second is recognised: which of them are drawn decides all
    distance = np.ones((6, 4, 4, 1))
    distance[::2, range(4), range(4)] = 0
    distance[1::2, range(4), [1, 2, 3, 0]] = 0
    scores = one_shot_scores(distance)
    metric = evaluate_one_shot(scores, np.arange(6).repeat(4).reshape(6, 4))
    assert metric[:2] == (0.5, 24)
    assert metric.low <= 1 / 6
    assert metric.high >= 5 / 6
    few = evaluate_one_shot(scores, np.zeros((6, 4), dtype=int))
    assert np.isnan([few.low, few.high]).all()
