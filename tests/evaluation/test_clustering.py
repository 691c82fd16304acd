"""BCubed and pairwise agreement: by hand, by loops over images and pairs, and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import pair_confusion_matrix

from likeness.evaluation.clustering import bcubed, evaluate_clustering, pairwise


def drawn(seed, images=120, noise=0):
    draw = np.random.default_rng(seed)
    cluster = draw.integers(0, 25, images)
    cluster[:noise] = -1
    return cluster, draw.integers(0, 15, images)


def bcubed_by_loops(cluster, identity):
    """Over images and pairs of images, as in Amigo et al. 2009, equations 1 to 3."""
    precision, recall = [], []
    for i in range(len(cluster)):
        together = [j for j in range(len(cluster)) if cluster[j] == cluster[i]]
        same = [j for j in range(len(cluster)) if identity[j] == identity[i]]
        precision.append(np.mean([identity[j] == identity[i] for j in together]))
        recall.append(np.mean([cluster[j] == cluster[i] for j in same]))
    p, r = np.mean(precision), np.mean(recall)
    return p, r, 2 * p * r / (p + r)


@pytest.mark.parametrize("seed", range(3))
def test_bcubed_is_what_loops_over_pairs_of_images_give(seed):
    assert bcubed(*drawn(seed)) == pytest.approx(bcubed_by_loops(*drawn(seed)), abs=1e-14)


def test_bcubed_by_hand():
    """Bagga and Baldwin's example: 1-5, 6-7 and 8-12 in truth, 1-5 and 6-12 found."""
    truth = [0] * 5 + [1] * 2 + [2] * 5
    found = [0] * 5 + [1] * 7
    assert bcubed(found, truth) == pytest.approx((16 / 21, 1, 32 / 37))  # they print 76.2% and 100%
    other = [0] * 5 + [1] * 2 + [0] * 5  # 1-5 with 8-12 instead: worse, though one link is wrong in both
    assert bcubed(other, truth).precision == pytest.approx(7 / 12)  # 58.3%


@pytest.mark.parametrize("seed", range(3))
def test_pairwise_is_scikit_learns_confusion_of_pairs(seed):
    cluster, identity = drawn(seed)
    (_, wrong), (missed, right) = pair_confusion_matrix(identity, cluster)
    p, r = right / (right + wrong), right / (right + missed)
    assert pairwise(cluster, identity) == pytest.approx((p, r, 2 * p * r / (p + r)), abs=1e-14)


@pytest.mark.parametrize("measure", [bcubed, pairwise])
def test_noise_is_no_cluster_of_its_own(measure):
    """Each image that DBSCAN leaves out stands alone; as one cluster they would pull precision down."""
    cluster, identity = drawn(4, noise=40)
    alone = cluster.copy()
    alone[:40] = 1000 + np.arange(40)
    assert measure(cluster, identity) == measure(alone, identity)
    one = np.where(cluster < 0, 1000, cluster)
    assert measure(one, identity).precision < measure(cluster, identity).precision


def test_perfect_clusters_and_the_two_worst():
    identity = np.repeat(np.arange(10), 6)
    for measure in (bcubed, pairwise):
        assert measure(identity[::-1], identity) == (1, 1, 1)
    assert bcubed(np.arange(60), identity) == pytest.approx((1, 1 / 6, 2 / 7))
    assert bcubed(np.zeros(60, dtype=int), identity) == pytest.approx((0.1, 1, 2 / 11))
    assert pairwise(np.arange(60), identity) == (1, 0, 0)


def test_every_image_alone_is_not_praised_as_mutual_information_does():
    identity = np.concatenate(
        [np.repeat(np.arange(200), 2), np.arange(200, 1200)]
    )  # most have one image, as in LFW
    alone = np.arange(len(identity))
    assert normalized_mutual_info_score(identity, alone) > 0.95
    assert pairwise(alone, identity).f == 0


def test_numbers_may_be_any_and_order_does_not_matter():
    cluster, identity = drawn(5)
    order = np.random.default_rng(0).permutation(len(cluster))
    for measure in (bcubed, pairwise):
        assert measure(cluster[order] * 7 + 10**9, identity[order] * 3) == pytest.approx(
            measure(cluster, identity), abs=1e-14
        )


def test_the_metrics_have_counts_and_intervals_over_identities():
    cluster, identity = drawn(6)
    found = evaluate_clustering(cluster, identity, resamples=200)
    expected = bcubed(cluster, identity)
    for name, value in expected._asdict().items():
        metric = found[f"clustering/bcubed_{name}"]
        assert (metric.value, metric.count) == (value, 120)
        assert metric.low < metric.value < metric.high
    assert found["clustering/pairwise_f"].value == pairwise(cluster, identity).f
    again = evaluate_clustering(cluster, identity, resamples=200)
    assert again == found


@pytest.mark.parametrize(
    ("cluster", "identity", "said"),
    [([], [], "no image"), ([1, 2], [1], "shape"), ([1.5], [1], "whole numbers")],
)
def test_what_are_no_clusters_is_refused(cluster, identity, said):
    with pytest.raises(ValueError, match=said):
        bcubed(np.asarray(cluster, dtype=None if cluster else int), np.asarray(identity, dtype=int))
