"""Faces found in photographs: drawn into copies, and listed as JSON and CSV."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.applications.drawn_detections import drawn
from likeness.applications.photographs import (
    Found,
    counted,
    faces_of,
    photographs_in,
    refuse_output,
)
from likeness.data.style.image_file import write_image
from likeness.models.detectors import Detector
from likeness.runs.record.folder import make_folder, write_json, write_text

JSON, CSV = "detections.json", "detections.csv"
POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""What the five points are called, in their order; left and right as seen in the image."""


class FoundFaces(NamedTuple):
    """How many faces were found in how many photographs, and why each of the others can't be read."""

    faces: int
    photographs: int
    unreadable: list[str]

    def __str__(self) -> str:
        return f"{counted(self.faces, 'face')} in {counted(self.photographs, 'photograph')}"


def detect(places: Sequence[Path], detector: Detector, output: Path, *, force: bool) -> FoundFaces:
    """Write a copy of each photograph with what `detector` finds into `output`, and two lists of it.

    Args:
        places: images, and folders of images at any depth; a path below a folder is kept.
        detector: what finds the faces.
        output: a folder, which is made where it isn't there.
        force: whether files that are there may be overwritten.

    Raises:
        LikenessError: what a user can mend. An image that is unreadable is left out.
    """
    photographs = photographs_in(places)
    refuse_output(output, places, photographs, (JSON, CSV), force=force)
    make_folder(output, "-o")
    entries: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for found in faces_of(photographs, detector, unreadable):
        copy = output / found.photograph.written
        make_folder(copy.parent, "-o")
        write_image(copy, drawn(found.image, found.faces), force=force)
        entries.append(_entry(found))
    write_json(output / JSON, {"images": entries, "unreadable": unreadable})
    write_text(output / CSV, _table(entries))
    return FoundFaces(sum(len(entry["faces"]) for entry in entries), len(entries), unreadable)


def _entry(found: Found) -> dict[str, Any]:
    """What the JSON says of one photograph: boxes and points in its pixels, null where a point is unknown."""
    height, width = found.image.shape[1:]
    boxes, scores, points = (values.tolist() for values in found.faces)
    return {
        "file": str(found.photograph.file),
        "width": width,
        "height": height,
        "faces": [
            {
                "box": [round(side, 2) for side in box],
                "score": score,
                "points": {
                    name: [round(x, 2), round(y, 2)] if math.isfinite(x + y) else None
                    for name, (x, y) in zip(POINTS, five, strict=True)
                },
            }
            for box, score, five in zip(boxes, scores, points, strict=True)
        ],
    }


def _table(entries: Sequence[dict[str, Any]]) -> str:
    """The CSV: a row for each face."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    places = [f"{name}_{axis}" for name in POINTS for axis in "xy"]
    writer.writerow(["file", "x1", "y1", "x2", "y2", "score", *places])
    for entry in entries:
        for face in entry["faces"]:
            five = [value for name in POINTS for value in (face["points"][name] or ("", ""))]
            writer.writerow([entry["file"], *face["box"], face["score"], *five])
    return text.getvalue()
