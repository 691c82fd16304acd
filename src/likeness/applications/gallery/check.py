"""What is probably wrong in a gallery: ranked, to be looked at."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.claim import claim_point
from likeness.applications.gallery.compare import nearest_subjects, represented
from likeness.applications.gallery.corrections import subjects_said
from likeness.applications.gallery.leave_one_out import OwnAndOther, leave_one_out
from likeness.applications.gallery.searched import Searched, searched, threshold_of
from likeness.applications.gallery.store import Cohort, Contents, Image, Store, Template
from likeness.evaluation import Comparison

NEIGHBOURS = 5
"""So many other subjects of each are looked at."""

_LOOSEST = 0.01
"""The false accept rate of claims at which two are as alike as one, or one too far from itself."""


class Finding(NamedTuple):
    """A sentence on something, and the images that show it: what is wrong and what it is held against."""

    sentence: str
    images: tuple[Image, Image]


class Findings(NamedTuple):
    """What was found, the worst first, by kind.

    `mislabelled`: a template nearer to another subject than to the others of its own, and near enough to be taken for
    it; `doubles`: two subjects so near that a search takes one for the other; `lookalikes`: two that are less near, but
    would pass for each other in a claim, and such as somebody said are two; `far`: a template too far from the others
    of its subject, and of nobody else.
    """

    mislabelled: list[Finding]
    doubles: list[Finding]
    lookalikes: list[Finding]
    far: list[Finding]

    def __str__(self) -> str:
        titles = (
            "probably mislabelled",
            "probably one subject under two names",
            "lookalikes",
            "far from their own subject",
        )
        lines = []
        for title, found in zip(titles, self, strict=True):
            lines.append(f"{title}: {len(found):,}")
            lines += [f"  {one.sentence}" for one in found]
        return "\n".join(lines)


def check(store: Store, comparison: Comparison, *, fpir: float, top: int) -> Findings:
    """Look for what is probably wrong; at most `top` of each kind are told.

    Raises:
        LikenessError: nobody is enrolled, or no threshold can be chosen at the rate `fpir` of searches.
    """
    contents = store.contents()
    found = searched(contents, comparison, store.name)
    threshold = threshold_of(store, contents, found, fpir).threshold
    apart = leave_one_out(found)
    wrong = (apart.own > apart.other) & np.isfinite(apart.own) & (apart.other < threshold)
    near, alike = _pairs(store.name, contents, found, threshold)
    parts = (
        _mislabelled(contents, found, apart, np.flatnonzero(wrong)),
        near,
        alike,
        _far(store.name, contents, found, apart, np.flatnonzero(~wrong & np.isfinite(apart.own))),
    )
    return Findings(*([one for _, one in sorted(part)[:top]] for part in parts))


Ranked = list[tuple[float, Finding]]
"""Findings, each after a number: the smaller it is, the worse."""


def _mislabelled(
    contents: Contents, found: Searched, apart: OwnAndOther, places: NDArray[np.int64]
) -> Ranked:
    ranked = []
    refused = subjects_said(contents, "cannot")
    for place in places.tolist():
        own, other = float(apart.own[place]), float(apart.other[place])
        image = contents.templates[place].image
        subject, instead = (found.subjects[row] for row in (found.templates.row[place], apart.nearest[place]))
        if instead.number in refused.get(image.content, ()):
            continue  # somebody has looked
        sentence = f"{image.file}: {subject} by its label ({own:.4g}), rather {instead} ({other:.4g})"
        ranked.append(
            (other - own, Finding(sentence, (image, _first(contents, found, int(apart.nearest[place])))))
        )
    return ranked


def _far(
    gallery: str,
    contents: Contents,
    found: Searched,
    apart: OwnAndOther,
    places: NDArray[np.int64],
) -> Ranked:
    count = np.bincount(found.templates.row)
    limits: dict[int, float] = {}
    ranked = []
    for place in places.tolist():
        row = int(found.templates.row[place])
        others = int(count[row]) - 1
        if others not in limits:
            limits[others] = _limit(gallery, contents.cohort, found, others)
        own, limit = float(apart.own[place]), limits[others]
        if own >= limit:
            image = contents.templates[place].image
            shown = next(one.image for one in _of(contents, found, row) if one.image != image)
            sentence = f"{image.file}: {found.subjects[row]}, {own:.4g} from the others ({limit:.4g} is usual at most)"
            ranked.append((limit - own, Finding(sentence, (image, shown))))
    return ranked


def _pairs(gallery: str, contents: Contents, found: Searched, threshold: float) -> tuple[Ranked, Ranked]:
    """Pairs of subjects who are as near as one, and those that are nearly so."""
    doubles: Ranked = []
    lookalikes: Ranked = []
    if len(found.subjects) < 2:
        return doubles, lookalikes
    limit = _limit(gallery, contents.cohort, found, 1)
    apart = set(_said_apart(contents))
    means = represented(found.templates, normalised=found.way.normalised)
    near = nearest_subjects(means, found.templates, found.way, NEIGHBOURS + 1)
    nearest: dict[tuple[int, int], float] = {}
    for row, (distances, others) in enumerate(zip(near.distance.tolist(), near.row.tolist(), strict=True)):
        for distance, other in zip(distances, others, strict=True):
            if other != row and distance < max(threshold, limit):
                pair = (min(row, other), max(row, other))
                nearest[pair] = min(distance, nearest.get(pair, np.inf))
    for (row, other), distance in nearest.items():
        one, two = found.subjects[row], found.subjects[other]
        said = (one.number, two.number) in apart
        finding = Finding(
            f"{one} and {two}: {distance:.4g}" + (", said to be two" if said else ""),
            (_first(contents, found, row), _first(contents, found, other)),
        )
        (doubles if distance < threshold and not said else lookalikes).append((distance, finding))
    return doubles, lookalikes


def _limit(gallery: str, cohort: Cohort, found: Searched, templates: int) -> float:
    return claim_point(cohort, found.way, templates, _LOOSEST, gallery).point.threshold


def _said_apart(contents: Contents) -> Iterator[tuple[int, int]]:
    """The numbers of the two subjects, ascending, who were said to be two."""
    holder = {template.image.content: template.subject for template in contents.templates}
    for kind, first, second in contents.corrections:
        if kind == "cannot" and first in holder and second in holder:
            one, two = sorted((holder[first], holder[second]))
            yield one, two


def _of(contents: Contents, found: Searched, row: int) -> Sequence[Template]:
    start, end = np.searchsorted(found.templates.row, [row, row + 1]).tolist()
    return contents.templates[start:end]


def _first(contents: Contents, found: Searched, row: int) -> Image:
    return _of(contents, found, row)[0].image
