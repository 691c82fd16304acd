"""Boxes as YOLO's tools have them: a text file an image, in shares of its width and height."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from likeness.data.annotated_faces.annotation import (
    UNKNOWN,
    Annotation,
    Face,
    annotation,
    checked_box,
    number,
    refuse_wrong_names,
)
from likeness.data.annotated_faces.scene_files import SceneFiles, refuse_faceless, split_scenes
from likeness.data.faces import SceneSplits
from likeness.data.found_images import has_image_name
from likeness.data.image_files import existing_folder
from likeness.data.reading import reading, refused

_PARTS = ("train", "val", "test")


def yolo(
    *,
    root: str,
    faces: Sequence[int] = (),
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> SceneSplits:
    """The images below `root/images`, each with `root/labels/.../SAME_NAME.txt`; one without that file has no face.

    A line is a face: class, and the box's centre x and y, width and height, as shares of the image's; after them there
    may be the five points' x and y, also as shares, where a negative number is an unknown point. Where `images` has
    the folders `train`, `val` or `test`, they are the splits, and what is missing is None; otherwise all is split by
    the shares.

    Args:
        root: the folder of `images` and `labels`.
        faces: the numbers of the classes that are faces; all where there is none.
        split: the shares of train, validation and test, for images that lie in no such folders.
        split_seed: another seed, another split.

    Raises:
        ValueError: a folder is missing, there are no images, a line is malformed, a label has no image, a box has
            no area, or no object is of a class of `faces`.
    """
    home = existing_folder(root, "a folder of images/ and labels/")
    images, labels = (
        existing_folder(home / name, f"the folder above {name}/") for name in ("images", "labels")
    )
    if any((images / part).is_dir() for part in _PARTS):
        train, validation, test = (
            _scenes(images, labels, part, faces) if (images / part).is_dir() else None for part in _PARTS
        )
        if train is not None:
            refuse_faceless(train, str(images / "train"))
        return SceneSplits(train, validation, test)
    return split_scenes(_scenes(images, labels, "", faces), split, split_seed, source=root)


def _scenes(images: Path, labels: Path, part: str, wanted: Sequence[int]) -> SceneFiles:
    names = [name for name in _below(images, part) if has_image_name(os.path.basename(name))]
    if not names:
        raise ValueError(f"{images / part} holds no images: put some into it.")
    listings = [name for name in _below(labels, part) if name.endswith(".txt")]
    by_label: dict[str, str] = {}
    for name in names:
        label = os.path.splitext(name)[0] + ".txt"
        if label in by_label:
            raise ValueError(f"{name} and {by_label[label]} in {images} have one label, {label}: rename one.")
        by_label[label] = name
    for label in listings:
        if label not in by_label:
            raise ValueError(
                f"{labels / label} annotates an image that is missing from {images}: put it there, or remove "
                "the label."
            )
    objects: Counter[object] = Counter()
    faces = {label: _read(labels / label, wanted, objects) for label in listings}
    refuse_wrong_names(wanted, objects, str(labels / part))
    found = [annotation(faces.get(label, [])) for label in by_label]
    return SceneFiles(images, list(by_label.values()), found, _in_pixels)


def _below(root: Path, part: str) -> list[str]:
    """The names, from `root` on, of all files below one of its folders, if it is there; hidden ones don't count.

    Raises:
        FileError: a folder can't be listed.
    """
    if not (root / part).exists():
        return []
    return sorted(
        os.path.relpath(os.path.join(folder, file), root)
        for folder, _, files in os.walk(root / part, onerror=_say)
        for file in files
        if not file.startswith(".")
    )


def _say(error: OSError) -> NoReturn:
    """What the walk would pass over, and leave out what is in it."""
    raise refused(error.filename, error) from error


def _in_pixels(of: Annotation, height: int, width: int) -> Annotation:
    size = np.array([width, height], np.float32)
    return Annotation(of.boxes * np.tile(size, 2), of.points * size, of.ignored)


def _read(path: Path, wanted: Sequence[int], objects: Counter[object]) -> list[Face]:
    """The faces that a file lists; what objects it has is counted in `objects`."""
    with reading(path):
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    faces = []
    for place, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        where = f"Line {place} of {path}"
        if len(fields) not in (5, 15):
            raise ValueError(
                f"{where} should have 5 numbers (class, centre, width and height) or 15 (and five points), not "
                f"{len(fields)}: mend it."
            )
        kind, x, y, width, height, *rest = (number(field, where, "each field") for field in fields)
        if max(map(abs, (x, y, width, height, *rest))) > 2:
            raise ValueError(
                f"{where} should be shares of the image's sides, but is {line[:60]!r}: divide by them."
            )
        objects[int(kind)] += 1
        if wanted and kind not in wanted:
            continue
        box = checked_box((x - width / 2, y - height / 2, x + width / 2, y + height / 2), where)
        points = [
            (a, b) if min(a, b) >= 0 else (UNKNOWN, UNKNOWN)
            for a, b in zip(rest[::2], rest[1::2], strict=True)
        ]
        faces.append(Face(box, points))
    return faces
