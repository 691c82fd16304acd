"""Faces found in photographs: drawn into copies, and listed as JSON and CSV."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

from likeness.applications.counted import counted
from likeness.applications.drawn_detections import drawn
from likeness.applications.growing_file import GrowingFile, csv_text
from likeness.applications.photographs import (
    Found,
    faces_of,
    photographs_in,
    refuse_output,
)
from likeness.applications.written import WrittenImages
from likeness.landmarks import POINTS
from likeness.models.detectors import Detections, Detector
from likeness.runs.record.folder import finite, make_folder

JSON, CSV, WRITTEN = "detections.json", "detections.csv", "written_by_detect.csv"


class _Face(TypedDict):
    box: list[float]
    score: float
    points: dict[str, list[float] | None]


class FoundFaces(NamedTuple):
    """How many faces were found in how many photographs, and why each of the others can't be read."""

    faces: int
    photographs: int
    unreadable: list[str]

    def __str__(self) -> str:
        return f"{counted(self.faces, 'face')} in {counted(self.photographs, 'photograph')}"


def detect(places: Sequence[Path], detector: Detector, output: Path, *, force: bool) -> FoundFaces:
    """Write a copy of each photograph with what `detector` finds into `output`, and two lists of it.

    All is written as it is found: a run that is killed leaves lists of what it has done.

    Args:
        places: images, and folders of images at any depth; a path below a folder is kept.
        detector: what finds the faces.
        output: a folder, which is made where it isn't there.
        force: whether files that are there may be overwritten; then the copies of an earlier run go first.

    Raises:
        LikenessError: what a user can mend. An image that is unreadable is left out.
    """
    photographs = photographs_in(places)
    refuse_output(output, places, photographs, (JSON, CSV, WRITTEN), force=force)
    make_folder(output, "-o")
    copies, lists = WrittenImages(output, WRITTEN, force=force), _Lists(output)
    unreadable: list[str] = []
    for found in faces_of(photographs, detector, unreadable):
        file = found.photograph.file
        copies.write(found.photograph.written, drawn(found.image, found.faces), file)
        lists.add(found, unreadable)
    lists.end(unreadable)
    return FoundFaces(lists.faces, lists.photographs, unreadable)


class _Lists:
    """The JSON and the CSV, and how many `faces` and `photographs` they hold."""

    def __init__(self, output: Path) -> None:
        self.faces = self.photographs = 0
        places = [f"{name}_{axis}" for name in POINTS for axis in "xy"]
        self._csv = GrowingFile(output / CSV, csv_text([("file", "x1", "y1", "x2", "y2", "score", *places)]))
        self._json = GrowingFile(output / JSON, '{"images": [', _end_of_json([]))

    def add(self, found: Found, unreadable: Sequence[str]) -> None:
        """Put down a photograph, and what could not be read so far."""
        file, faces = str(found.photograph.file), _faces(found.faces)
        height, width = found.image.shape[1:]
        entry = finite({"file": file, "width": width, "height": height, "faces": faces})
        comma = "," if self.photographs else ""
        self._json.add(f"{comma}\n{json.dumps(entry, allow_nan=False)}", _end_of_json(unreadable))
        self._csv.add(csv_text(_row(file, face) for face in faces))
        self.photographs += 1
        self.faces += len(faces)

    def end(self, unreadable: Sequence[str]) -> None:
        """Put down all that could not be read."""
        self._json.add("", _end_of_json(unreadable))


def _faces(faces: Detections) -> list[_Face]:
    """What the lists say of a photograph: boxes and points in its pixels, None where a point is unknown."""
    boxes, scores, points = (values.tolist() for values in faces)
    return [
        {
            "box": [round(side, 2) for side in box],
            "score": score,
            "points": {
                name: [round(x, 2), round(y, 2)] if math.isfinite(x + y) else None
                for name, (x, y) in zip(POINTS, five, strict=True)
            },
        }
        for box, score, five in zip(boxes, scores, points, strict=True)
    ]


def _row(file: str, face: _Face) -> list[object]:
    """The CSV's row of a face."""
    five = [value for place in face["points"].values() for value in (place or ("", ""))]
    return [file, *face["box"], face["score"], *five]


def _end_of_json(unreadable: Sequence[str]) -> str:
    return f'\n],\n"unreadable": {json.dumps(unreadable)}}}\n'
