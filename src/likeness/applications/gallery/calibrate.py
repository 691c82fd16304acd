"""Choose a gallery's thresholds anew: on another cohort, or for another way to compare several templates."""

from pathlib import Path

import numpy as np

from likeness.applications.counted import counted
from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.claim import ClaimPoint, claim_point
from likeness.applications.gallery.cohort import cohort_for
from likeness.applications.gallery.read_images import FaceFinder, LeftOut, note_other_detector
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.searched import (
    enough_for,
    refuse_small_cohort,
    said_of,
    searched,
    threshold_of,
)
from likeness.applications.gallery.store import Store
from likeness.errors import LikenessError
from likeness.evaluation import Comparison


def take_cohort(
    store: Store,
    encoder: BoundEncoder,
    folder: Path | None,
    finder: FaceFinder | None,
    told: LeftOut,
    *,
    score: Score | None,
    fpir: float,
) -> None:
    """Put another cohort in the place of the gallery's: that of a folder, or the validation identities of its run.

    Where a score is given, it is that of the gallery from then on.

    Where it is refused the gallery keeps the one that it has.

    Raises:
        LikenessError: there is none, one of them is enrolled, or they are too few for searches at the rate `fpir`.
    """
    come_from = "" if folder is None else str(folder.resolve())
    cohort = cohort_for(encoder, come_from, finder, told)
    refuse_small_cohort(len(set(cohort.subjects)), fpir, come_from or str(encoder.where))
    if folder is not None:
        note_other_detector(store, finder, told)
    store.set_cohort(cohort, come_from, encoder.identity, score)


def thresholds(store: Store, comparison: Comparison, *, fpir: float, far: float) -> str:
    """The thresholds of a search and of claims, a line each.

    Raises:
        LikenessError: there is no cohort, or it is too small for the rate of searches.
    """
    contents = store.contents()
    if not len(contents.row):
        cohort = contents.cohort
        images = counted(len(cohort.images), "image")
        return f"{images} of {enough_for(cohort)}; a threshold is chosen when somebody is enrolled"
    found = searched(contents, comparison, store.name)
    lines = [said_of(threshold_of(store, contents, found, fpir))]
    for templates in np.unique(np.bincount(found.templates.row)).tolist():
        try:
            chosen = claim_point(contents.cohort, found.way, templates, far, store.name)
        except LikenessError as error:
            return "\n".join([*lines, f"no threshold of claims: {error}"])
        lines.append(_said(templates, chosen))
        if chosen.templates < templates:
            break
    return "\n".join(lines)


def _said(templates: int, chosen: ClaimPoint) -> str:
    more = (
        ""
        if chosen.templates == templates
        else f" and of more, of which {chosen.templates} {'is' if chosen.templates == 1 else 'are'} compared"
    )
    return (
        f"claims to a subject of {templates} {'template' if templates == 1 else 'templates'}{more}: threshold "
        f"{chosen.point.threshold:.4g} at {chosen.point.far:.2%} false accept rate ({chosen.point.negatives:,} claims "
        "by strangers)"
    )
