"""A gallery as a folder of JSON and NumPy arrays, and back; nothing in it needs pickle to be read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import (
    Cohort,
    Contents,
    Correction,
    Image,
    Settings,
    Store,
    Subject,
    Template,
)
from likeness.applications.gallery.stores import create_store
from likeness.errors import LikenessError
from likeness.runs.record.folder import replace, to_disk, write_json

FORMAT = "likeness gallery 1"
JSON, TEMPLATES, COHORT = "gallery.json", "templates.npy", "cohort.npy"


def export(store: Store, folder: Path) -> str:
    """Write a gallery into a new folder, which its owner alone may read; returns what was written.

    The JSON is written last: without it the folder is no export.

    Raises:
        LikenessError: the folder holds something, or can't be written.
    """
    contents = store.contents()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise LikenessError(f"{folder} holds files already: give -o another folder.")
        _write_array(folder / TEMPLATES, contents.encodings)
        _write_array(folder / COHORT, contents.cohort.encodings)
    except OSError as error:
        raise LikenessError(
            f"{folder} can't be written ({error.strerror}): make room, or give -o another folder."
        ) from error
    write_json(folder / JSON, _plain(contents))
    return f"{len(contents.subjects):,} subjects, {len(contents.templates):,} templates"


def import_gallery(folder: Path, where: str | Path) -> str:
    """Make a gallery of an exported folder; returns what it holds.

    Raises:
        LikenessError: the folder is no export or a damaged one, or the gallery's file is there already.
    """
    try:
        plain = json.loads((folder / JSON).read_text(encoding="utf-8"))
        arrays = [_read_array(folder / name) for name in (TEMPLATES, COHORT)]
        contents = _contents(plain, *arrays)
    except OSError as error:
        raise LikenessError(
            f"{folder} is no exported gallery ({error.strerror}: {error.filename})."
        ) from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise LikenessError(f"{folder} is no whole export of a gallery ({reason}).") from error
    create_store(where, contents)
    return f"{len(contents.subjects):,} subjects, {len(contents.templates):,} templates"


def _plain(contents: Contents) -> dict[str, Any]:
    settings, cohort = contents.settings, contents.cohort
    return {
        "format": FORMAT,
        "encoder": dict(settings.encoder),
        "where": settings.where,
        "score": settings.score.value,
        "cohort_from": settings.cohort_from,
        "subjects": [{"id": one.id, "name": one.name} for one in contents.subjects],
        "templates": [
            {"subject": contents.subjects[row].id, **one.image._asdict()}
            for row, one in zip(contents.row.tolist(), contents.templates, strict=True)
        ],
        "cohort": [
            {"subject": name, **image._asdict()}
            for name, image in zip(cohort.subjects, cohort.images, strict=True)
        ],
        "corrections": [one._asdict() for one in contents.corrections],
    }


def _contents(
    plain: Mapping[str, Any], encodings: NDArray[np.float32], strangers: NDArray[np.float32]
) -> Contents:
    """What the JSON and the arrays hold; raises ValueError, KeyError or TypeError where they don't go together."""
    if plain["format"] != FORMAT:
        raise ValueError(f"its format is {plain['format']}, and this program reads {FORMAT}")
    settings = Settings(plain["encoder"], plain["where"], Score(plain["score"]), plain["cohort_from"])
    dimensions = int(settings.encoder["dimensions"])
    for name, array, rows in (
        (TEMPLATES, encodings, plain["templates"]),
        (COHORT, strangers, plain["cohort"]),
    ):
        if array.dtype != np.float32 or array.shape != (len(rows), dimensions):
            raise ValueError(f"{name} is not {len(rows)} x {dimensions} numbers of 32 bits")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is not finite")
    subjects = [Subject(number, one["id"], one["name"]) for number, one in enumerate(plain["subjects"], 1)]
    row_of = {subject.id: row for row, subject in enumerate(subjects)}
    row = np.array([row_of[one["subject"]] for one in plain["templates"]], dtype=np.int64)
    order = np.argsort(row, kind="stable")
    images = [_image(plain["templates"][place]) for place in order.tolist()]
    if len(row_of) < len(subjects) or len({image.content for image in images}) < len(images):
        raise ValueError("an id or an image is in it twice")
    templates = [
        Template(number, subjects[place].number, image)
        for number, (place, image) in enumerate(zip(row[order].tolist(), images, strict=True), 1)
    ]
    cohort = Cohort([one["subject"] for one in plain["cohort"]], [*map(_image, plain["cohort"])], strangers)
    corrections = [Correction(one["kind"], one["first"], one["second"]) for one in plain["corrections"]]
    if any(one.kind not in ("must", "cannot") for one in corrections):
        raise ValueError("a correction is neither must nor cannot")
    return Contents(0, settings, subjects, templates, row[order], encodings[order], cohort, corrections)


def _image(plain: Mapping[str, Any]) -> Image:
    values = [plain[key] for key in Image._fields]
    if not all(isinstance(value, str) for value in values):
        raise ValueError("an image is not known by strings")
    return Image(*values)


def _write_array(path: Path, array: NDArray[np.float32]) -> None:
    beside = path.with_suffix(".partial")
    with open(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        np.save(file, array, allow_pickle=False)
        to_disk(file)
    replace(beside, path)


def _read_array(path: Path) -> NDArray[np.float32]:
    try:
        found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except EOFError as error:
        raise ValueError(f"{path.name} is cut short") from error
    return found
