"""What is probably wrong in a gallery: ranked, to be looked at."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from likeness.applications.gallery.claim import claim_point, refuse_no_share
from likeness.applications.gallery.compare import nearest_subjects, represented
from likeness.applications.gallery.corrections import subjects_said
from likeness.applications.gallery.leave_one_out import leave_one_out
from likeness.applications.gallery.searched import Searched, searched, threshold_of
from likeness.applications.gallery.store import Contents, Image, Store, Template
from likeness.errors import LikenessError
from likeness.evaluation import Comparison

NEIGHBOURS = 5
"""So many other subjects of each are looked at."""


class Finding(NamedTuple):
    """A sentence on something, and the images that show it: what is wrong and what it is held against."""

    sentence: str
    images: tuple[Image, Image]


class Findings(NamedTuple):
    """What was found, the worst first, by kind.

    `mislabelled`: a template nearer to another subject than to the others of its own, and near enough to be taken for
    it; `doubles`: two subjects so near that a search takes one for the other; `lookalikes`: two that are less near, but
    would pass for each other in a claim, and such as somebody said are two; `far`: a template too far from the others
    of its subject, and of nobody else. `unknown` says why the last two can't be told.
    """

    mislabelled: list[Finding]
    doubles: list[Finding]
    lookalikes: list[Finding]
    far: list[Finding]
    unknown: str = ""

    def kinds(self) -> dict[str, list[Finding]]:
        """By kind what was found."""
        return {
            "mislabelled": self.mislabelled,
            "doubles": self.doubles,
            "lookalikes": self.lookalikes,
            "far": self.far,
        }

    def __str__(self) -> str:
        titles = (
            "probably mislabelled",
            "probably one subject under two names",
            "lookalikes",
            "far from their own subject",
        )
        lines = []
        for title, found in zip(titles, self.kinds().values(), strict=True):
            lines.append(f"{title}: {len(found):,}")
            lines += [f"  {one.sentence}" for one in found]
        if self.unknown:
            lines.append(f"lookalikes and images far from their own can't be told: {self.unknown}")
        return "\n".join(lines)


def check(store: Store, comparison: Comparison, *, fpir: float, far: float, top: int) -> Findings:
    """Look for what is probably wrong.

    Args:
        store: the gallery.
        comparison: by which it compares.
        fpir: the rate of searches at whose threshold two subjects are as near as one. Of subjects who are all two,
            about this share has somebody so near by chance.
        far: the false accept rate of claims at whose threshold two are alike, or a template is far from its own.
        top: how many of each kind are told.

    Raises:
        LikenessError: nobody is enrolled, or no threshold of searches can be chosen at this rate.
    """
    refuse_no_share(far)
    contents = store.contents()
    found = searched(contents, comparison, store.name)
    threshold = threshold_of(store, contents, found, fpir).threshold

    unknown = ""

    @cache
    def limit_of(templates: int) -> float:
        nonlocal unknown
        try:
            return claim_point(contents.cohort, found.way, templates, far, store.name).point.threshold
        except (
            LikenessError
        ) as error:  # searches have a threshold where each stranger has one image, claims none
            unknown = str(error)
            return np.inf

    alike = limit_of(1)
    pairs = _near_pairs(found, max(threshold, alike if np.isfinite(alike) else 0))
    doubles, lookalikes = _told(contents, found, pairs, threshold)
    mislabelled, odd = _templates(contents, found, pairs, threshold, limit_of)
    kinds = [[one for _, one in sorted(part)[:top]] for part in (mislabelled, doubles, lookalikes, odd)]
    return Findings(kinds[0], kinds[1], kinds[2], kinds[3], unknown)


Ranked = list[tuple[float, Finding]]
"""Findings, each after a number: the smaller it is, the worse."""

Pairs = dict[tuple[int, int], float]
"""By the rows of two subjects, ascending, their distance."""


def _near_pairs(found: Searched, limit: float) -> Pairs:
    """The pairs of subjects nearer than `limit`."""
    means = represented(found.templates, normalised=found.way.normalised)
    near = nearest_subjects(means, found.templates, found.way, NEIGHBOURS + 1)
    pairs: Pairs = {}
    for row, (distances, others) in enumerate(zip(near.distance.tolist(), near.row.tolist(), strict=True)):
        for distance, other in zip(distances, others, strict=True):
            if other != row and distance < limit:
                pair = (min(row, other), max(row, other))
                pairs[pair] = min(distance, pairs.get(pair, np.inf))
    return pairs


def _told(contents: Contents, found: Searched, pairs: Pairs, threshold: float) -> tuple[Ranked, Ranked]:
    """The pairs that are as near as one, and those that are not quite or were said to be two."""
    doubles: Ranked = []
    lookalikes: Ranked = []
    apart = set(_said_apart(contents))
    for (row, other), distance in pairs.items():
        one, two = found.subjects[row], found.subjects[other]
        said = (one.number, two.number) in apart
        finding = Finding(
            f"{one} and {two}: {distance:.4g}" + (", said to be two" if said else ""),
            (_of(contents, found, row)[0].image, _of(contents, found, other)[0].image),
        )
        (doubles if distance < threshold and not said else lookalikes).append((distance, finding))
    return doubles, lookalikes


def _templates(
    contents: Contents, found: Searched, pairs: Pairs, threshold: float, limit_of: Callable[[int], float]
) -> tuple[Ranked, Ranked]:
    """The templates that are probably another's, and those that are far from their own.

    Of somebody who is enrolled twice a template fits both: that is told once, as a pair.
    """
    mislabelled: Ranked = []
    far: Ranked = []
    apart = leave_one_out(found)
    refused = subjects_said(contents, "cannot")
    count = np.bincount(found.templates.row)
    for place in np.flatnonzero(np.isfinite(apart.own)).tolist():
        row, nearest = int(found.templates.row[place]), int(apart.nearest[place])
        own, other, limit = float(apart.own[place]), float(apart.other[place]), limit_of(int(count[row]) - 1)
        image, subject = contents.templates[place].image, found.subjects[row]
        fits_both = own < limit and pairs.get((min(row, nearest), max(row, nearest)), np.inf) < threshold
        if other < min(own, threshold) and not fits_both:
            instead = found.subjects[nearest]
            if instead.number not in refused.get(image.content, ()):  # somebody has looked
                sentence = f"{image.file}: {subject} by its label ({own:.4g}), rather {instead} ({other:.4g})"
                shown = _of(contents, found, nearest)[0].image
                mislabelled.append((other - own, Finding(sentence, (image, shown))))
        elif own >= limit:
            sentence = f"{image.file}: {subject}, {own:.4g} from the others ({limit:.4g} is usual at most)"
            shown = next(one.image for one in _of(contents, found, row) if one.image != image)
            far.append((limit - own, Finding(sentence, (image, shown))))
    return mislabelled, far


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
