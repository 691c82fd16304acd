"""Several templates of one subject, made one: in the space of the embeddings, or after the comparison."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels


def mean_templates(
    embeddings: ArrayLike, subject: ArrayLike, *, one_length: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The mean `[S, D]` of each subject's embeddings `[T, D]`, and the subjects `[S]`, ascending.

    With `one_length`, for embeddings that all have one, the means are brought to it again: 1, or more where several
    views of an image stand one behind the other. The mean of equal embeddings, or of a single one, is that
    embedding, to the bit. One comparison a subject, whatever the number of its templates.

    Raises:
        ValueError: a mean of opposite embeddings is 0 and can't be set to a length.
    """
    rows = finite(embeddings, "embeddings", 2)
    names, who = np.unique(labels(subject, "subject", len(rows)), return_inverse=True)
    order = np.argsort(who, kind="stable")
    starts = np.searchsorted(who[order], np.arange(len(names)))
    count = np.bincount(who)
    mean = np.add.reduceat(rows[order], starts, axis=0) / count[:, None]
    if one_length:
        length = np.linalg.norm(mean, axis=1, keepdims=True)
        if not length.all():
            raise ValueError(
                f"the templates of subject {names[np.argmin(length)]} cancel out: their mean is 0"
            )
        mean *= (np.bincount(who, np.linalg.norm(rows, axis=1)) / count)[:, None] / length
    first = rows[order[starts]]
    equal = np.logical_and.reduceat((rows == first[who]).all(axis=1)[order], starts)
    mean[equal] = first[equal]
    return mean, names


def best_template(distance: ArrayLike, subject: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The distances `[P, S]` to each subject's nearest template (`maximum`, of the scores), and the subjects `[S]`.

    From the distances `[P, T]` to T templates, each of a `subject [T]`.
    """
    ordered, starts, names = _by_subject(distance, subject)
    return np.minimum.reduceat(ordered, starts, axis=1), names


def mean_score(distance: ArrayLike, subject: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The mean distances `[P, S]` to each subject's templates, and the subjects `[S]`; arguments as above."""
    ordered, starts, names = _by_subject(distance, subject)
    count = np.diff([*starts, ordered.shape[1]])
    least = np.minimum.reduceat(
        ordered, starts, axis=1
    )  # so that the mean of equal distances is that distance
    above = ordered - np.repeat(least, count, axis=1)
    return least + np.add.reduceat(above, starts, axis=1) / count, names


def _by_subject(
    distance: ArrayLike, subject: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.int64]]:
    """The columns by subject, where each subject's begin, and the subjects."""
    values = finite(distance, "distance", 2)
    whose = labels(subject, "subject", values.shape[1])
    order = np.argsort(whose, kind="stable")
    names, starts = np.unique(whose[order], return_index=True)
    return values[:, order], starts, names
