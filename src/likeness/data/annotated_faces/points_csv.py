"""Landmarks in CSV files: a line a face, with its five points."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from likeness.data.annotated_faces.annotation import UNKNOWN, Face, annotation, checked_box, number
from likeness.data.annotated_faces.box_of_points import box_of_points
from likeness.data.annotated_faces.scene_files import SceneFiles, all_there, split_scenes
from likeness.data.faces import SceneSplits
from likeness.data.image_files import existing_folder
from likeness.data.reading import reading
from likeness.landmarks import POINTS

_BOX = ("x1", "y1", "x2", "y2")


def points_csv(
    *,
    root: str,
    train: Sequence[str],
    test: Sequence[str] = (),
    validation: float = 0.1,
    split_seed: int = 0,
    leave_out: Sequence[str] = (),
) -> SceneSplits:
    """The images that CSV files below `root` list, with the five points of their faces.

    The first line names the columns: `path` (below `root`), `left_eye_x`, `left_eye_y`, then `right_eye`, `nose`,
    `mouth_left` and `mouth_right` likewise, left being left in the image; and `x1`, `y1`, `x2`, `y2` for the box, or
    none of them, where it is estimated from the points (`box_of_points`). An unknown point is empty. Several lines may
    be of one image. Points outside of their image stay as they are.

    Args:
        root: the folder that the paths start from.
        train: CSV files to train on and to validate.
        test: CSV files to test on.
        validation: the share of `train`'s images that validates.
        split_seed: another seed, another split.
        leave_out: beginnings of paths, such as `lfw_5590/`, whose lines are not read.

    Raises:
        ValueError: a file or an image is missing, a column is, a line is malformed, a box has no area, or there are no
            lines, or an image is both in `train` and in `test`.
    """
    home = existing_folder(root, "a folder of CSV files and the images that they list")
    parts = [_listed(home, names, leave_out) for names in (train, test)]
    both = sorted(parts[0].keys() & parts[1].keys())
    if both:
        raise ValueError(
            f"{len(both)} images stand in both train and test, such as {both[0]}: take them out of one."
        )
    learnt, unseen = (_scenes(home, part) if part else None for part in parts)
    if learnt is None:
        return SceneSplits(None, None, unseen)
    split = split_scenes(learnt, [1 - validation, validation, 0], split_seed, source=root)
    return SceneSplits(split.train, split.validation, unseen)


def _scenes(home: Path, part: dict[str, list[Face]]) -> SceneFiles:
    return SceneFiles(home, list(part), [annotation(faces) for faces in part.values()])


def _listed(home: Path, names: Sequence[str], leave_out: Sequence[str]) -> dict[str, list[Face]]:
    """The images of some CSV files, and their faces."""
    found: dict[str, list[Face]] = {}
    named: dict[str, str] = {}
    for name in names:
        listing, before = home / name, len(found)
        with reading(listing):
            lines = listing.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
        for place, row in _rows(listing, lines):
            where = f"Line {place} of {listing}"
            path = os.path.normpath(row["path"])
            if row["path"].startswith(tuple(leave_out)):
                continue
            found.setdefault(path, []).append(_face(row, where))
            named.setdefault(path, where[0].lower() + where[1:])
        if len(found) == before:
            raise ValueError(
                f"{listing} lists no images that are not left out or listed before: take it out."
            )
    all_there(home, named)
    return found


def _rows(listing: Path, lines: list[str]) -> list[tuple[int, dict[str, str]]]:
    """The lines by their numbers, each as its columns."""
    header = [column.strip() for column in next(csv.reader(lines[:1]), [])]
    wanted = ["path", *(f"{point}_{axis}" for point in POINTS for axis in "xy")]
    missing = [column for column in wanted if column not in header]
    if missing:
        raise ValueError(
            f"{listing} has no column {missing[0]}: its first line should name {', '.join(wanted)}."
        )
    boxed = [column for column in _BOX if column in header]
    if boxed and len(boxed) < len(_BOX):
        raise ValueError(
            f"{listing} has the column {boxed[0]}, but a box needs {', '.join(_BOX)}: add the others."
        )
    rows = []
    for place, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            fields = next(csv.reader([line], strict=True))
        except csv.Error:
            fields = []
        if len(fields) != len(header) or not fields[header.index("path")].strip():
            raise ValueError(
                f"Line {place} of {listing} should have {len(header)} fields, the path among them, but is "
                f"{line[:60]!r}: mend it."
            )
        rows.append((place, dict(zip(header, (field.strip() for field in fields), strict=True))))
    return rows


def _face(row: dict[str, str], where: str) -> Face:
    points = []
    for point in POINTS:
        texts = [row[f"{point}_{axis}"] for axis in "xy"]
        if not any(texts):
            points.append((UNKNOWN, UNKNOWN))
        else:
            points.append((number(texts[0], where, f"{point}_x"), number(texts[1], where, f"{point}_y")))
    if "x1" in row:
        return Face(checked_box([number(row[side], where, side) for side in _BOX], where), points)
    if any(x != x for x, _ in points):
        raise ValueError(
            f"{where} has neither a box nor all five points, so nothing says where the face is: add one."
        )
    return Face(checked_box(box_of_points(points), where), points)
