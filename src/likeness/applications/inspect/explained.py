"""Which parts of two images made them alike, or not."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from likeness.applications.inspect.pictures import SIDES, Picture, all_of, beside, of_heat, of_whole
from likeness.applications.inspect.subject import Subject
from likeness.data.as_float import as_float
from likeness.errors import LikenessError
from likeness.evaluation import balanced_pairs
from likeness.inspection import saliency_of_pairs


class ExplainedPair(NamedTuple):
    """Two images, whether they are of one identity, their distance, and a picture of both with what acts on it."""

    same: bool
    distance: float
    names: tuple[str, str]
    picture: Picture


def explained_pairs(subject: Subject, unreadable: Sequence[int] = ()) -> list[ExplainedPair]:
    """As many pairs of one identity, and of two, as the configuration asks for, drawn by its seed.

    Args:
        subject: the network and its images.
        unreadable: the indices of images that no pair is drawn of.

    Raises:
        LikenessError: the images are too few for pairs.
    """
    count, images = subject.config.pairs, subject.images
    if not count:
        return []
    readable = np.delete(np.arange(len(images)), unreadable)
    try:
        drawn = balanced_pairs(
            images.identity[readable], folds=2, pairs_per_fold=2 * count, seed=subject.config.seed
        )
    except ValueError as error:
        raise LikenessError(f"No pairs can be drawn to explain: {error}; leave pairs at 0.") from error
    chosen = np.concatenate([np.flatnonzero(drawn.same == same)[:count] for same in (True, False)])
    sides_of_pairs = [readable[each[chosen]].tolist() for each in (drawn.first, drawn.second)]
    loaded = [as_float(torch.stack(images.load(indices))) for indices in sides_of_pairs]
    distances, *heats = saliency_of_pairs(subject.compare, *loaded)
    (low, high), side = subject.value_range, 2 * SIDES[len(subject.network.sides)]
    found = []
    for place, pair in enumerate(chosen):
        pictures: list[Picture] = []
        for values, heat in zip(loaded, heats, strict=True):
            one = values[place].sub(low).div(high - low).numpy()
            pictures += [of_whole(one, all_of(one), side), of_heat(one, heat[place].double().numpy(), side)]
        first, second = (images.name(indices[place]) for indices in sides_of_pairs)
        found.append(
            ExplainedPair(bool(drawn.same[pair]), float(distances[place]), (first, second), beside(pictures))
        )
    return found
