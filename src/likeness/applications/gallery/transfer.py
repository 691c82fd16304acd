"""A gallery as a folder of JSON and NumPy arrays, and back; nothing in it needs pickle to be read."""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likeness.applications.gallery.encoder_identity import whole_identity
from likeness.applications.gallery.readable_name import readable_name
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
from likeness.errors import LikenessError, mend_of, one_line
from likeness.runs.record.folder import finite, replace, to_disk

FORMAT = "likeness gallery 1"
JSON, TEMPLATES, COHORT = "gallery.json", "templates.npy", "cohort.npy"


class _Image(BaseModel):
    """An image in the JSON, and whom it shows: the id of a subject, or a name in the cohort."""

    model_config = ConfigDict(strict=True)

    subject: str
    content: str
    file: str
    detector: str


class _Subject(BaseModel):
    model_config = ConfigDict(strict=True)

    id: str
    name: str


class _Correction(BaseModel):
    model_config = ConfigDict(strict=True)

    kind: Literal["must", "cannot"]
    first: str
    second: str


class _Export(BaseModel):
    """The JSON. `given` is the highest number that a subject ever had; earlier programs wrote none."""

    model_config = ConfigDict(strict=True)

    encoder: dict[str, Any]
    where: str
    score: str
    cohort_from: str
    subjects: list[_Subject]
    templates: list[_Image]
    cohort: list[_Image]
    corrections: list[_Correction]
    given: int = Field(default=0, ge=0, lt=2**62)


def export(store: Store, folder: Path) -> str:
    """Write a gallery into a new folder, in files that their owner alone may read; returns what was written.

    The JSON is written last: without it the folder is no export, and what is left there of one that was cut short is
    written anew.

    Raises:
        LikenessError: the folder holds something, or can't be written.
    """
    contents = store.contents()
    files = {
        TEMPLATES: _as_npy(contents.encodings),
        COHORT: _as_npy(contents.cohort.encodings),
        JSON: lambda file: file.write(_as_json(_plain(contents))),
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_full(folder)
        try:
            for name, write in files.items():
                _write(folder / name, write)
        except BaseException:
            for name in _cut_short():
                (folder / name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LikenessError(
            f"{folder} can't be written ({error.strerror}): {mend_of(error)}, or give -o another folder."
        ) from error
    return f"{len(contents.subjects):,} subjects, {len(contents.templates):,} templates"


def import_gallery(folder: Path, where: str | Path) -> str:
    """Make a gallery of an exported folder; returns what it holds.

    Raises:
        LikenessError: the folder is no export or a damaged one, or the gallery's file is there already.
    """
    try:
        plain = json.loads((folder / JSON).read_text(encoding="utf-8"))
        arrays = [_read_array(folder / name) for name in (TEMPLATES, COHORT)]
        contents = _contents(_checked(plain), *arrays)
    except RecursionError as error:
        raise LikenessError(f"{folder} is no whole export of a gallery ({JSON} is too deep).") from error
    except OSError as error:
        raise LikenessError(
            f"{folder} is no exported gallery ({error.strerror}: {error.filename})."
        ) from error
    except (ValueError, LikenessError) as error:
        raise LikenessError(
            f"{folder} is no whole export of a gallery ({one_line(error).rstrip('.')})."
        ) from error
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
        "given": contents.given,
    }


def _checked(plain: object) -> _Export:
    """The JSON as what it must be; raises a ValueError that says the first place where it is not."""
    if isinstance(plain, dict) and plain.get("format") != FORMAT:
        raise ValueError(f"its format is {plain.get('format')}, and this program reads {FORMAT}")
    try:
        return _Export.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{JSON}{f' at {place}' if place else ''}: {first['msg']}") from error


def _contents(plain: _Export, encodings: NDArray[np.float32], strangers: NDArray[np.float32]) -> Contents:
    """What the JSON and the arrays hold; raises a ValueError where they don't go together."""
    encoder = whole_identity(plain.encoder)
    settings = Settings(encoder, plain.where, Score(plain.score), plain.cohort_from)
    dimensions = int(encoder["dimensions"])
    for name, array, rows in ((TEMPLATES, encodings, plain.templates), (COHORT, strangers, plain.cohort)):
        if array.dtype != np.float32 or array.shape != (len(rows), dimensions):
            raise ValueError(f"{name} is not {len(rows)} x {dimensions} numbers of 32 bits")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is not finite")
    subjects = [
        Subject(number, readable_name(one.id, "id"), readable_name(one.name))
        for number, one in enumerate(plain.subjects, 1)
    ]
    row_of = {one.id: row for row, one in enumerate(plain.subjects)}
    if stray := sorted({one.subject for one in plain.templates} - row_of.keys()):
        raise ValueError(f"it has no subject {stray[0]}")
    row = np.array([row_of[one.subject] for one in plain.templates], dtype=np.int64)
    order = np.argsort(row, kind="stable")
    images = [_image(plain.templates[place]) for place in order.tolist()]
    own, others = {image.content for image in images}, {one.content for one in plain.cohort}
    if len({one.id for one in subjects}) < len(subjects) or len(own) < len(images):
        raise ValueError("an id or an image is in it twice")
    if both := sorted(own & others):
        raise ValueError(f"the image {both[0]} is a subject's and the cohort's")
    if any(one.first == one.second for one in plain.corrections):
        raise ValueError("a correction is of an image and itself")
    templates = [
        Template(number, subjects[place].number, image)
        for number, (place, image) in enumerate(zip(row[order].tolist(), images, strict=True), 1)
    ]
    cohort = Cohort([one.subject for one in plain.cohort], [*map(_image, plain.cohort)], strangers)
    corrections = [Correction(one.kind, one.first, one.second) for one in plain.corrections]
    return Contents(
        0, settings, subjects, templates, row[order], encodings[order], cohort, corrections, plain.given
    )


def _image(plain: _Image) -> Image:
    return Image(plain.content, plain.file, plain.detector)


def _cut_short() -> list[str]:
    """What an export may leave that was killed."""
    return [TEMPLATES, COHORT, *(f"{name}.partial" for name in (TEMPLATES, COHORT, JSON))]


def _refuse_full(folder: Path) -> None:
    if {file.name for file in folder.iterdir()} - set(_cut_short()):
        raise LikenessError(f"{folder} holds files already: give -o another folder.")


def _as_npy(array: NDArray[np.float32]) -> Callable[[IO[bytes]], object]:
    return lambda file: np.save(file, array, allow_pickle=False)


def _as_json(plain: Mapping[str, Any]) -> bytes:
    return (json.dumps(finite(plain), indent=2, allow_nan=False) + "\n").encode()


def _write(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file beside, all the way to the disk, and rename; its owner alone may read it."""
    beside = path.with_name(f"{path.name}.partial")
    beside.unlink(missing_ok=True)  # which may have had another mode
    with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        write(file)
        to_disk(file)
    replace(beside, path)


def _read_array(path: Path) -> NDArray[np.float32]:
    """The array of a file, which is asked for its length before any memory is."""
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, kind = read(file)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path.name} is no NumPy array, or cut short") from error
        if kind != np.float32:
            raise ValueError(f"{path.name} is of {kind}, not of numbers of 32 bits")
        if math.prod(shape) * kind.itemsize != path.stat().st_size - file.tell():
            raise ValueError(f"{path.name} is cut short, or goes on after its end")
    found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return found
