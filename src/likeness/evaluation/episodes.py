"""N-way K-shot episodes: to find an image's class among N, each of which K images show (Vinyals et al. 2016)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels


class Episodes(NamedTuple):
    """E episodes over some images, by their indices.

    `support [E, N, K]` are the images that show the N classes; `query [E, N]` are those to be recognised, the n-th of
    the n-th class; `cluster [E, N]` says which queries an interval draws together, since they are not independent.
    """

    support: NDArray[np.int64]
    query: NDArray[np.int64]
    cluster: NDArray[np.int64]


def episodes_within(
    identity: ArrayLike,
    group: ArrayLike,
    drawer: ArrayLike,
    *,
    ways: int,
    shots: int = 1,
    episodes: int = 400,
    seed: int,
) -> Episodes:
    """Episodes whose classes are of one group, as letters of an alphabet: Koch et al. 2015, section 4.3.

    Args:
        identity: the class of each image, `[N]`.
        group: the group of each image's class, `[N]`.
        drawer: by whose hand each image is, `[N]`, counted within the group.
        ways: the classes of an episode.
        shots: the images that show each of them.
        episodes: how many episodes there are; the groups with enough classes and drawers take turns.
        seed: an episode is a function of (seed, its number).

    Each episode draws `shots + 1` drawers of its group and `ways` classes that all of them drew; the first drawer asks,
    the others show. Queries of one group are a cluster.

    Raises:
        ValueError: no group has so many classes, or its drawers did not draw so many of them together.
    """
    names, groups = labels(identity, "identity"), labels(group, "group")
    hands = labels(drawer, "drawer", len(names))
    if len(groups) != len(names):
        raise ValueError(f"group must be of shape ({len(names)},), but its shape is {groups.shape}")
    _check(ways, shots, episodes)
    sizes = {one: len(np.unique(names[groups == one])) for one in np.unique(groups).tolist()}
    if ways > max(sizes.values()):
        raise ValueError(
            f"an episode of {ways} classes of one group is asked for, but the largest group has {max(sizes.values())}"
        )
    large = {one: _drawn_by(names, hands, groups == one) for one, size in sizes.items() if size >= ways}
    tables = {one: table for one, table in large.items() if table.shape[1] > shots}
    if not tables:
        most = max(table.shape[1] for table in large.values())
        raise ValueError(
            f"an episode of {shots} images of each class and one to ask needs {shots + 1} drawers, but a group has "
            f"{most} at most"
        )
    drawn, cluster = [], []
    for number in range(episodes):
        one = list(tables)[number % len(tables)]
        drawn.append(_within(tables[one], ways, shots, _generator(seed, number)))
        cluster.append(one)
    return _assembled(drawn, np.repeat(np.array(cluster)[:, None], ways, axis=1))


def episodes_across(
    identity: ArrayLike, *, ways: int, shots: int = 1, episodes: int = 400, seed: int
) -> Episodes:
    """Episodes whose classes are any; classes, and `shots + 1` images of each, are drawn alike.

    Arguments as for `episodes_within`. Queries of one class are a cluster.

    Raises:
        ValueError: there are fewer than `ways` classes with `shots + 1` images.
    """
    names = labels(identity, "identity")
    _check(ways, shots, episodes)
    samples = np.argsort(names, kind="stable")
    found, starts, sizes = np.unique(names[samples], return_index=True, return_counts=True)
    enough = np.flatnonzero(sizes > shots)
    if len(enough) < ways:
        raise ValueError(
            f"an episode of {ways} classes, {shots} images of each and one to ask, is asked for, but only "
            f"{len(enough)} of {len(found)} classes have {shots + 1} images"
        )
    drawn, cluster = [], []
    for number in range(episodes):
        draw = _generator(seed, number)
        chosen = draw.permutation(enough)[:ways]
        drawn.append(np.stack([samples[starts[i] + draw.permutation(sizes[i])[: shots + 1]] for i in chosen]))
        cluster.append(found[chosen])
    return _assembled(drawn, np.stack(cluster))


def trials_as_episodes(support: NDArray[np.int64], query: NDArray[np.int64]) -> Episodes:
    """Episodes of trials that are given, `support [E, N]` and `query [E, N]`; those of one trial are a cluster."""
    return Episodes(
        support[:, :, None], query, np.repeat(np.arange(len(query))[:, None], query.shape[1], axis=1)
    )


def _check(ways: int, shots: int, episodes: int) -> None:
    if ways < 2 or shots < 1 or episodes < 1:
        raise ValueError(
            f"an episode needs at least 2 ways and 1 shot, and there must be one: {ways}, {shots}, {episodes}"
        )


def _generator(seed: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))


def _drawn_by(
    names: NDArray[np.int64], hands: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The image of each class by each drawer, `[classes, drawers]`, -1 where there is none."""
    samples = np.flatnonzero(chosen)
    row, column = (np.unique(each[samples], return_inverse=True)[1] for each in (names, hands))
    table = np.full((row.max() + 1, column.max() + 1), -1)
    table[row, column] = samples
    return table


def _within(
    table: NDArray[np.int64], ways: int, shots: int, draw: np.random.Generator, tries: int = 100
) -> NDArray[np.int64]:
    """Images `[ways, shots + 1]` of a group, the same drawers for each class."""
    for _ in range(tries):
        columns = table[:, draw.permutation(table.shape[1])[: shots + 1]]
        whole = np.flatnonzero((columns >= 0).all(axis=1))
        if len(whole) >= ways:
            return columns[draw.permutation(whole)[:ways]]
    raise ValueError(
        f"an episode of {ways} classes of one group is asked for, but no {shots + 1} drawers of some group drew so many"
    )


def _assembled(drawn: list[NDArray[np.int64]], cluster: NDArray[np.int64]) -> Episodes:
    samples = np.stack(drawn)
    return Episodes(samples[:, :, 1:], samples[:, :, 0], cluster)
