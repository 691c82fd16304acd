"""Templates for faces of all sizes: medoids of the faces' sizes (Hu and Ramanan 2017)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.randomness import generator

Sizes = NDArray[np.floating[Any]]


def jaccard_distance(sizes: Sizes, others: Sizes) -> Sizes:
    """`1 - |A and B| / |A or B|` of boxes with a common centre, `[N, K]`.

    Args:
        sizes: `[N, 2]`, width and height.
        others: `[K, 2]` likewise.
    """
    shared = np.minimum(sizes[:, None], others[None]).prod(2)
    return 1 - shared / (sizes.prod(1)[:, None] + others.prod(1)[None] - shared)


def objective(sizes: Sizes, templates: Sizes) -> float:
    """The mean Jaccard distance of `sizes [N, 2]` to the nearest of `templates [K, 2]`."""
    return float(jaccard_distance(sizes, templates).min(1).mean())


def k_medoids(sizes: Sizes, number: int, *, seed: int = 0, trials: int = 4) -> Sizes:
    """The `number` of `sizes [N, 2]` that lie nearest to all others, `[number, 2]`, the largest first.

    Each trial draws medoids far from each other (as k-means++, Arthur and Vassilvitskii 2007, keyed by the seed), then
    moves each to the middle of those nearest to it until none moves, and then looks for single exchanges that still
    help; the best trial is given. Takes `N * number` distances at a time: draw some thousand of a large set's faces.

    Args:
        sizes: width and height of faces, in pixels.
        number: of templates.
        seed: of the draws.
        trials: how often to start.

    Raises:
        ValueError: `number` is below 1 or there are fewer different sizes, or a size isn't finite and above 0.
    """
    if number < 1:
        raise ValueError(f"There is at least one template, but number={number}.")
    if not np.all((sizes > 0) & np.isfinite(sizes)):
        raise ValueError(
            "A face has a finite width and height above 0, but one of `sizes` has not: leave it out."
        )
    if len(np.unique(sizes, axis=0)) < number:
        raise ValueError(
            f"{number} templates need as many different sizes of faces, but there are "
            f"{len(np.unique(sizes, axis=0))}: lower `number`."
        )
    found = [_trial(sizes, number, generator("templates", seed, trial)) for trial in range(trials)]
    best = min(found, key=lambda medoids: objective(sizes, sizes[medoids]))
    templates = sizes[best]
    return templates[np.argsort(-templates.prod(1), kind="stable")]


def _trial(sizes: Sizes, number: int, draw: np.random.Generator) -> NDArray[np.intp]:
    medoids = _settled(sizes, _far_apart(sizes, number, draw))
    return _exchanged(sizes, medoids, draw)


def _far_apart(sizes: Sizes, number: int, draw: np.random.Generator) -> NDArray[np.intp]:
    chosen = [int(draw.integers(len(sizes)))]
    nearest = jaccard_distance(sizes, sizes[chosen])[:, 0]
    while len(chosen) < number:
        weights = np.square(nearest)
        chosen.append(int(draw.choice(len(sizes), p=weights / weights.sum())))
        nearest = np.minimum(nearest, jaccard_distance(sizes, sizes[chosen[-1:]])[:, 0])
    return np.array(chosen, dtype=np.intp)


def _settled(sizes: Sizes, medoids: NDArray[np.intp]) -> NDArray[np.intp]:
    """Medoids each of which has the least distance to those that are nearest to it; the objective only falls."""
    while True:
        nearest = jaccard_distance(sizes, sizes[medoids]).argmin(1)
        moved = medoids.copy()
        for place, medoid in enumerate(medoids):
            members = np.flatnonzero(nearest == place)
            if len(members):  # none if an equal medoid came first
                sums = jaccard_distance(sizes[members], sizes[members]).sum(0)
                own = np.flatnonzero(members == medoid)
                if not len(own) or sums.min() < sums[own[0]]:
                    moved[place] = members[sums.argmin()]
        if np.array_equal(moved, medoids):
            return medoids
        medoids = moved


def _exchanged(sizes: Sizes, medoids: NDArray[np.intp], draw: np.random.Generator) -> NDArray[np.intp]:
    """Medoids after exchanges with drawn sizes that help (CLARANS: Ng and Han 2002), each settled again."""
    for candidate in draw.permutation(len(sizes))[:200]:
        # A column of infinity is the second nearest of a single medoid.
        distances = np.pad(jaccard_distance(sizes, sizes[medoids]), ((0, 0), (0, 1)), constant_values=np.inf)
        by_candidate = jaccard_distance(sizes, sizes[[candidate]])[:, 0]
        order = np.argsort(distances, axis=1)[:, :2]
        rows = np.arange(len(sizes))
        first, second = distances[rows, order[:, 0]], distances[rows, order[:, 1]]
        kept = np.minimum(first, by_candidate)
        lost = np.bincount(
            order[:, 0], weights=np.minimum(second, by_candidate) - kept, minlength=len(medoids)
        )
        place = int(lost.argmin())
        if kept.sum() + lost[place] < first.sum() - 1e-9 * len(sizes):
            medoids = medoids.copy()
            medoids[place] = candidate
            medoids = _settled(sizes, medoids)
    return medoids
