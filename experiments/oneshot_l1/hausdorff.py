"""The modified Hausdorff distance of two drawings' ink, which learns nothing, on the episodes of `oneshot_l1`.

python experiments/oneshot_l1/hausdorff.py SEED prints how often it recognises a letter within an alphabet. On the 400
trials of Lake et al. 2015 it is known to recognise 61.2%, so that it tells whether these episodes are as hard.
"""

import sys
from itertools import starmap
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from likeness.recipes.choose import training_config
from likeness.recipes.embedding.build import test_data
from likeness.recipes.embedding.readable import build_data

Ink = NDArray[np.float64]


def main() -> None:
    """Print the share recognised in each alphabet, and the mean over all episodes."""
    overrides = ["+experiment=oneshot_l1", "backbone.spatial_size=105", f"seed={sys.argv[1]}"]
    config = training_config(overrides)
    tested = test_data(build_data(config.data), config)
    images, episodes = tested.images, tested.episodes["within"]
    assert images.grouping is not None
    by_alphabet: dict[str, list[float]] = {}
    for support, query, group in zip(
        episodes.support[:, :, 0], episodes.query, episodes.cluster[:, 0], strict=True
    ):
        shown, asked = (
            [ink(drawing[0].numpy()) for drawing in images.load(chosen.tolist())]
            for chosen in (support, query)
        )
        distance = np.array([list(starmap(hausdorff, [(one, other) for other in shown])) for one in asked])
        right = distance.argmin(axis=1) == np.arange(len(asked))
        by_alphabet.setdefault(images.grouping.names[group], []).append(float(right.mean()))
    for alphabet, shares in by_alphabet.items():
        print(f"{alphabet:32}{100 * mean(shares):5.1f}")
    print(f"{'mean':32}{100 * mean(share for shares in by_alphabet.values() for share in shares):5.1f}")


def ink(drawing: NDArray[np.uint8]) -> Ink:
    """The coordinates `[n, 2]` of the dark pixels of a drawing `[H, W]`, in pixels from their mean."""
    dark = np.argwhere(drawing < 128)
    return dark - dark.mean(axis=0)


def hausdorff(one: Ink, other: Ink) -> float:
    """The larger of two means: how far a set's points are from the nearest of the other (Dubuisson and Jain 1994)."""
    distance = cdist(one, other)
    return float(max(distance.min(axis=0).mean(), distance.min(axis=1).mean()))


if __name__ == "__main__":
    main()
