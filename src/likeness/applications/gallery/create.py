"""Make a gallery for an encoder, with a cohort to choose its thresholds on."""

from pathlib import Path

import numpy as np

from likeness.applications.counted import counted
from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.cohort import cohort_for, no_cohort
from likeness.applications.gallery.read_images import FaceFinder, LeftOut
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.searched import enough_for
from likeness.applications.gallery.store import Cohort, Contents, Settings
from likeness.applications.gallery.stores import create_store
from likeness.errors import LikenessError


def create(
    where: str | Path,
    encoder: BoundEncoder,
    score: Score,
    cohort: Path | None,
    finder: FaceFinder | None,
    told: LeftOut,
) -> str:
    """Make an empty gallery; returns a sentence on its cohort.

    Raises:
        LikenessError: there is a file already, or it can't be written, or the cohort's folder holds none.
    """
    contents = of_nobody(encoder, score, cohort, finder, told)
    create_store(where, contents)
    return _said(contents.cohort)


def of_nobody(
    encoder: BoundEncoder,
    score: Score,
    cohort: Path | None,
    finder: FaceFinder | None,
    told: LeftOut,
) -> Contents:
    """What an empty gallery holds.

    Without a folder of a cohort it is the run's validation identities, where there are any; else thresholds wait for
    one.

    Raises:
        LikenessError: the cohort's folder holds none.
    """
    come_from = "" if cohort is None else str(cohort.resolve())
    settings = Settings(encoder.identity, str(encoder.where.resolve()), score, come_from)
    try:
        strangers = cohort_for(encoder, come_from, finder, told)
    except LikenessError as error:
        if cohort is not None:
            raise
        strangers = no_cohort(int(encoder.identity["dimensions"]))
        told.notes.append(str(error))
    nobody = np.empty((0, int(encoder.identity["dimensions"])), np.float32)
    return Contents(0, settings, [], [], np.empty(0, np.int64), nobody, strangers, [])


def _said(cohort: Cohort) -> str:
    if not cohort.subjects:
        return "no strangers to choose thresholds on: give some with likeness gallery calibrate --cohort"
    return f"thresholds are chosen on {counted(len(cohort.images), 'image')} of {enough_for(cohort)}"
