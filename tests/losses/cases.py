"""Batches that a triplet loss can get wrong."""

import numpy as np
import torch

from likeness import losses

KINDS = {
    "batch_hard": losses.batch_hard_triplet_loss,
    "semi_hard": losses.semi_hard_triplet_loss,
    "all_semi_hard": losses.all_semi_hard_triplet_loss,
    "batch_all": losses.batch_all_triplet_loss,
}
WORDS = [
    (kind, margin, distance)
    for kind in KINDS
    for margin in (0, 0.2, 1.0, "soft")
    for distance in ("squared", "plain")
    if (kind, margin) != ("all_semi_hard", "soft")
]


def _random(seed):
    draw = np.random.default_rng(seed)
    size = int(draw.integers(4, 15))
    return draw.normal(size=(size, int(draw.integers(1, 7)))), draw.integers(0, 4, size)


def _unit(seed):
    """Hard, semi-hard and easy triplets side by side, on the sphere."""
    draw = np.random.default_rng(seed)
    identity = np.repeat(np.arange(4), 4)
    x = draw.normal(size=(4, 8))[identity] + draw.uniform(0.2, 1.2, (16, 1)) * draw.normal(size=(16, 8))
    return x / np.linalg.norm(x, axis=1, keepdims=True), identity


def _grid(seed):
    """Small integers: squared distances tie exactly, and meet a margin of 1 exactly."""
    draw = np.random.default_rng(seed)
    return draw.integers(-1, 2, (14, 3)).astype(float), draw.integers(0, 3, 14)


def _far_grid(seed):
    """The same, far from the origin, where a product of norms has no digits to spare."""
    x, identity = _grid(seed)
    return x + 1000, identity


def _duplicates(seed):
    """Images that occur twice, with the same label and with a wrong one."""
    draw = np.random.default_rng(seed)
    x, identity = draw.normal(size=(14, 5)), draw.integers(0, 3, 14)
    x[draw.integers(0, 14, 6)] = x[draw.integers(0, 14, 6)]
    return x, identity


def _near_duplicates(seed):
    """Pairs that differ by 1e-6 and by 1e-3, the second sort mislabelled."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(12, 5))
    x[6:9] = x[0:3] + 1e-6 * draw.normal(size=(3, 5))
    x[9:12] = x[3:6] + 1e-3 * draw.normal(size=(3, 5))
    return x, np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 2, 0])


def _by_a_hair():
    """On a line, negatives that are farther or nearer than the positive by the last digit alone."""
    one, more, less = 1.0, np.nextafter(1.0, 2), np.nextafter(1.0, 0)
    x = np.array([0, one, more, less, one, -one, -more, 2, 2 * more, 3.0])[:, None]
    return x, np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])


CASES = {
    "by-a-hair": _by_a_hair(),
    **{f"random-{seed}": _random(seed) for seed in range(6)},
    **{f"unit-{seed}": _unit(seed) for seed in range(2)},
    **{f"grid-{seed}": _grid(seed) for seed in range(3)},
    "far-grid": _far_grid(7),
    **{f"duplicates-{seed}": _duplicates(seed) for seed in range(3)},
    "near-duplicates": _near_duplicates(0),
    "lonely-anchors": (np.random.default_rng(1).normal(size=(9, 3)), np.array([0, 0, 1, 2, 3, 3, 3, 4, 5])),
    "one-large-identity": (np.random.default_rng(2).normal(size=(12, 3)), np.array([0] * 9 + [1, 1, 2])),
    "no-positive": (np.random.default_rng(3).normal(size=(5, 3)), np.arange(5)),
    "no-negative": (np.random.default_rng(3).normal(size=(5, 3)), np.zeros(5, dtype=int)),
    "one-image": (np.ones((1, 3)), np.zeros(1, dtype=int)),
    "collapsed": (np.full((8, 4), 0.3), np.repeat(np.arange(4), 2)),
    "collapsed-but-one": (np.array([[0.1, 0.2]] * 7 + [[3.0, 1.0]]), np.repeat(np.arange(4), 2)),
    "negative-labels": (
        np.random.default_rng(4).normal(size=(8, 3)),
        np.array([-5, 9, -5, 9, 2**40] + [-1] * 3),
    ),
}


def as_leaf(embedding, dtype=torch.float64):
    return torch.tensor(np.asarray(embedding), dtype=dtype, requires_grad=True)


def people(identities, images, width, dtype=torch.float32, noise=0.6):
    """A batch like one in training, shuffled: normalised embeddings [B, D] and labels [B]."""
    draw = torch.Generator().manual_seed(0)
    identity = torch.arange(identities).repeat_interleave(images)
    x = torch.randn(identities, width, generator=draw)[identity]
    x = torch.nn.functional.normalize(x + noise * torch.randn(len(x), width, generator=draw))
    order = torch.randperm(len(x), generator=draw)
    return x[order].to(dtype), identity[order]
