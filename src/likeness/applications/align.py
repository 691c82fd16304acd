"""Photographs to aligned faces of 112 x 112 pixels, with a sheet of them and a list of what has not one face."""

import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.applications.face_sheet import MOST, NamedFace, face_sheet
from likeness.applications.photographs import (
    Photograph,
    counted,
    faces_of,
    photographs_in,
    refuse_output,
)
from likeness.applications.taken import Taken
from likeness.data.alignment import SIDE, aligned
from likeness.data.style.image_file import write_image
from likeness.errors import LikenessError
from likeness.models.detectors import Detections, Detector
from likeness.runs.record.folder import make_folder, write_text

SHEET, LIST = "sheet.png", "not_one_face.csv"


class AlignedFaces(NamedTuple):
    """How many faces were written of how many photographs, how many had none or several, and what is unreadable."""

    written: int
    photographs: int
    without: int
    several: int
    unreadable: list[str]

    def __str__(self) -> str:
        return (
            f"{counted(self.written, 'aligned face')} of {counted(self.photographs, 'photograph')}: "
            f"{self.without:,} had no face, {self.several:,} had several ({LIST} lists them)"
        )


def align(
    places: Sequence[Path], detector: Detector, output: Path, taken: Taken = Taken.largest, *, force: bool
) -> AlignedFaces:
    """Write the aligned faces of photographs into `output`, each where its photograph lies below its folder.

    Args:
        places: images, and folders of images at any depth, such as one folder for each identity.
        detector: what finds the faces and their points.
        output: a folder, which is made where it isn't there.
        taken: which faces of a photograph; with `all` the second largest of 1.jpg is 1-face2.jpg, and so on.
        force: whether files that are there may be overwritten.

    Raises:
        LikenessError: what a user can mend. An image that is unreadable is left out.
    """
    photographs = photographs_in(places)
    refuse_output(output, places, photographs, (SHEET, LIST), force=force)
    if taken is Taken.all:
        _refuse_names_of_further_faces(photographs)
    make_folder(output, "-o")
    sheet: list[NamedFace] = []
    rows: list[tuple[str, int, int]] = []
    unreadable: list[str] = []
    written = readable = 0
    for photograph, image, faces in faces_of(photographs, detector, unreadable):
        readable += 1
        crops = [] if taken is Taken.one and len(faces.boxes) > 1 else largest_first(image, faces)
        crops = crops if taken is Taken.all else crops[:1]
        for number, crop in enumerate(crops, 1):
            below = _numbered(photograph.written, number)
            make_folder((output / below).parent, "-o")
            write_image(output / below, crop, force=force)
            if len(sheet) < MOST:
                sheet.append(NamedFace(below.with_suffix("").as_posix(), crop))
        written += len(crops)
        if len(faces.boxes) != 1 or not crops:
            rows.append((str(photograph.file), len(faces.boxes), len(crops)))
    if sheet:
        write_image(output / SHEET, face_sheet(sheet, written - len(sheet)), force=force)
    write_text(output / LIST, _table(rows))
    several = sum(found > 1 for _, found, _ in rows)
    without = sum(found == 0 for _, found, _ in rows)
    return AlignedFaces(written, readable, without, several, unreadable)


def largest_first(image: Tensor, faces: Detections, size: int = SIDE) -> list[Tensor]:
    """The aligned faces of `image`, uint8 `[3, size, size]` each, by the area of their boxes.

    A face whose points are unknown, or say no place, is left out.
    """
    x1, y1, x2, y2 = faces.boxes.unbind(1)
    order = torch.argsort((x2 - x1) * (y2 - y1), descending=True, stable=True)
    crops = []
    for place in order.tolist():
        with suppress(ValueError):
            crops.append(aligned(image, faces.points[place], size))
    return crops


def _numbered(path: Path, number: int) -> Path:
    """The file of the face of that number."""
    return path if number == 1 else path.with_stem(f"{path.stem}-face{number}")


def _refuse_names_of_further_faces(photographs: Sequence[Photograph]) -> None:
    """Raise a `LikenessError` where a photograph is called as another's second face might be."""
    names = {one.written for one in photographs}
    for one in photographs:
        match = re.fullmatch(r"(.+)-face\d+", one.written.stem)
        if match and one.written.with_stem(match[1]) in names:
            raise LikenessError(
                f"{one.file} is called as a further face of {match[1]}{one.written.suffix} would be: rename one."
            )


def _table(rows: Sequence[tuple[str, int, int]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "faces", "written"])
    writer.writerows(rows)
    return text.getvalue()
