"""An album: a gallery that is made of images alone, in which every cluster of them is a subject, to be named."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.counted import counted
from likeness.applications.encoder import BATCH
from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.read_images import FaceFinder, LeftOut, Sized, known_by_content, shown_in
from likeness.applications.gallery.store import Contents, Image, Regrouped, Store, Subject, refuse_holder
from likeness.clustering import (
    Constraints,
    Thresholds,
    by_comparison,
    choose_thresholds,
    clusters,
    constraints,
    k_means,
)
from likeness.clustering.constraints import in_vain
from likeness.errors import LikenessError
from likeness.evaluation import Comparison

UNNAMED = re.compile(r"cluster (\d+)")
"""What a subject is called whom nobody has named."""


class New(NamedTuple):
    """Images that an album does not hold yet, with their `encodings [M, D]`, and how many of those named it `known`."""

    images: Sequence[Image]
    encodings: NDArray[np.float32]
    known: int


class Album(NamedTuple):
    """What an album holds now: its subjects, whose each image is, and what changed."""

    subjects: Sequence[Subject]
    row: NDArray[np.int64]
    images: Sequence[Image]
    added: int
    known: int
    notes: Sequence[str]

    def __str__(self) -> str:
        count = np.bincount(self.row, minlength=len(self.subjects))
        alone = int(np.count_nonzero(count == 1))
        known = f", {self.known:,} were there before" if self.known else ""
        several = int(np.count_nonzero(count > 1))
        return (
            f"{counted(self.added, 'image')} added{known}\n{counted(len(self.images), 'image')} in all: "
            f"{counted(several, 'cluster')} of several, {counted(alone, 'image')} alone"
        )


def encode_new(
    contents: Contents,
    gallery: str,
    encoder: BoundEncoder,
    files: Sequence[Path],
    finder: FaceFinder | None,
    told: LeftOut,
) -> New:
    """Encode the images in `files` that a gallery does not hold; those without a face, or unreadable, are told.

    Raises:
        LikenessError: an image is the cohort's, or none can be used.
    """
    holders: dict[str, Subject | None] = {image.content: None for image in contents.cohort.images}
    holders |= {
        one.image.content: contents.subjects[row]
        for one, row in zip(contents.templates, contents.row.tolist(), strict=True)
    }
    wanted: dict[str, Image] = {}
    known = 0
    for image in known_by_content(files, finder, told):
        if image.content in holders and (holder := holders[image.content]) is None:
            refuse_holder(gallery, image, None, holder)
        if image.content in holders or image.content in wanted:
            known += 1
        else:
            wanted[image.content] = image
    found = list(_encoded(encoder, list(wanted.values()), finder, told))
    if not found and not known:
        raise LikenessError(
            f"None of the {counted(len(files), 'image')} can be used, as "
            f"{told.unreadable[0] if told.unreadable else 'they show nothing'}"
        )
    images = [image for part, _ in found for image in part]
    empty = np.empty((0, int(encoder.identity["dimensions"])), np.float32)
    return New(images, np.concatenate([empty, *(rows for _, rows in found)]), known)


def _encoded(
    encoder: BoundEncoder, images: Sequence[Image], finder: FaceFinder | None, told: LeftOut
) -> Iterator[tuple[list[Image], NDArray[np.float32]]]:
    """Block by block, so that no more than that is held beside the encodings."""
    sized = Sized(encoder.spatial_size, encoder.channels)
    for start in range(0, len(images), BATCH):
        shown = [
            (image, pixels)
            for image in images[start : start + BATCH]
            if (pixels := shown_in(image, sized, finder, told)) is not None
        ]
        if shown:
            yield [image for image, _ in shown], encoder.encode([pixels for _, pixels in shown])


def thresholds_for(contents: Contents, comparison: Comparison, gallery: str) -> Thresholds:
    """The thresholds of clusters that suit a gallery's cohort best.

    Raises:
        LikenessError: it has none, or none that tells.
    """
    cohort = contents.cohort
    if not cohort.subjects:
        raise LikenessError(
            f"{gallery} has no thresholds for clusters, as it knows no strangers: give a folder of such with --cohort, "
            "or later with likeness gallery calibrate --cohort."
        )
    _, who = np.unique(np.asarray(cohort.subjects), return_inverse=True)
    try:
        return choose_thresholds(by_comparison(comparison, cohort.encodings), who)
    except ValueError as error:
        raise LikenessError(
            f"The cohort of {gallery} gives no thresholds for clusters: {error}; give more strangers with --cohort, or "
            "likeness gallery calibrate --cohort."
        ) from error


def grouped_by_neighbours(
    contents: Contents, new: New, comparison: Comparison, thresholds: Thresholds
) -> tuple[NDArray[np.int64], list[str]]:
    """The cluster `[T + M]` of the T images of a gallery and of M new ones, and notes on what was said in vain.

    The images are clustered all at once, in an order that hangs on their bytes alone, under what was said of them: so
    it makes no difference when each of them came. A subject that somebody has named keeps its images, and two of them
    are never joined.
    """
    images = [*(one.image for one in contents.templates), *new.images]
    order = np.array(sorted(range(len(images)), key=lambda place: images[place].content), dtype=np.int64)
    said, notes = _said(contents, images, order)
    encodings = np.concatenate([contents.encodings, new.encodings])[order]
    found = np.empty(len(images), dtype=np.int64)
    found[order] = clusters(by_comparison(comparison, encodings), thresholds, said)
    return found, notes


def grouped_by_k_means(contents: Contents, new: New, k: int, gallery: str) -> NDArray[np.int64]:
    """The cluster `[M]` of the images of a new album, of K.

    Raises:
        LikenessError: the album holds images already, or K is not from 1 to their number.
    """
    if len(contents.templates):
        raise LikenessError(
            f"{gallery} holds images already, and K-means keeps nothing of what was said of them: leave --clusters "
            "out, or give -o a new album."
        )
    order = np.array(sorted(range(len(new.images)), key=lambda place: new.images[place].content))
    found = np.empty(len(order), dtype=np.int64)
    try:
        found[order] = np.unique(k_means(new.encodings[order], k), return_inverse=True)[1]
    except ValueError as error:
        raise LikenessError(f"--clusters {k}: {error}.") from error
    return found


def put_into_album(store: Store, contents: Contents, new: New, cluster: NDArray[np.int64]) -> Album:
    """Make each cluster `[T + M]` a subject: one that held most of it, or a new one, "cluster N", the largest first.

    Raises:
        LikenessError: the gallery has changed meanwhile.
    """
    count = np.bincount(cluster)
    keeper = _keepers(contents, cluster[: len(contents.row)])
    images = [*(one.image for one in contents.templates), *new.images]
    taken = [int(found[1]) for one in contents.subjects if (found := UNNAMED.fullmatch(one.name))]
    following = max(taken, default=0) + 1
    subjects: list[Subject | str] = []
    order = np.lexsort((_least_content(images, cluster), -count))
    for number in order.tolist():
        if number in keeper:
            subjects.append(contents.subjects[keeper[number]])
        else:
            subjects.append(f"cluster {following}")
            following += 1
    row = np.argsort(order)[cluster]
    done = store.regroup(contents.revision, Regrouped(subjects, row, new.images, new.encodings))
    return Album(done, row, images, len(new.images), new.known, _lost(contents, done))


def _said(
    contents: Contents, images: Sequence[Image], order: NDArray[np.int64]
) -> tuple[Constraints, list[str]]:
    """What was said of images, by their places in `order`, and notes on what has no effect."""
    place = {images[one].content: at for at, one in enumerate(order.tolist())}
    pairs: dict[str, list[tuple[int, int]]] = {"must": [], "cannot": []}
    for kind, first, second in contents.corrections:
        if first in place and second in place:
            pairs[kind].append((place[first], place[second]))
    named = np.array([UNNAMED.fullmatch(one.name) is None for one in contents.subjects], dtype=np.bool_)
    label = np.full(len(images), -1)
    if len(contents.row):
        label[: len(contents.row)] = np.where(named[contents.row], contents.row, -1)
    said = constraints(len(images), pairs["must"], pairs["cannot"], label[order])
    notes = [
        f"{images[order[first]].file} and {images[order[second]].file} cannot be of one subject, as somebody said, but "
        "must be by what was said of others: they are together."
        for first, second in in_vain(said).tolist()
    ]
    return said, notes


def _keepers(contents: Contents, cluster: NDArray[np.int64]) -> dict[int, int]:
    """By a cluster the place of the subject that it continues: a named one before others, then that of most images."""
    named = [UNNAMED.fullmatch(one.name) is None for one in contents.subjects]
    both, images = np.unique(np.stack([contents.row, cluster]), axis=1, return_counts=True)
    claims = [
        (not named[subject], -number, subject, group)
        for (subject, group), number in zip(both.T.tolist(), images.tolist(), strict=True)
    ]
    keeper: dict[int, int] = {}
    kept: set[int] = set()
    for _, _, subject, group in sorted(claims):
        if group not in keeper and subject not in kept:
            keeper[group] = subject
            kept.add(subject)
    return keeper


def _lost(contents: Contents, now: Sequence[Subject]) -> list[str]:
    """Notes on subjects that somebody had named and that are gone."""
    kept = {one.number for one in now}
    held = {contents.subjects[row].number for row in np.unique(contents.row).tolist()}
    return [
        f"{one} is part of another subject now, as somebody said that images of both must be of one."
        for one in contents.subjects
        if one.number in held - kept and not UNNAMED.fullmatch(one.name)
    ]


def _least_content(images: Sequence[Image], cluster: NDArray[np.int64]) -> NDArray[np.str_]:
    """The first of the contents in each cluster, by which clusters of one size are ordered."""
    contents = np.array([image.content for image in images])
    order = np.lexsort((contents, cluster))
    starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    least: NDArray[np.str_] = contents[order[starts]]
    return least
