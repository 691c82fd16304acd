"""Photographs to aligned faces of 112 x 112 pixels, with a sheet of them and a list of what has not one face."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.applications.counted import counted
from likeness.applications.face_sheet import MOST, NamedFace, face_sheet
from likeness.applications.growing_file import GrowingFile, csv_text
from likeness.applications.photographs import (
    Photograph,
    faces_of,
    photographs_in,
    refuse_output,
)
from likeness.applications.taken import Taken
from likeness.applications.written import WrittenImages
from likeness.data.alignment import SIDE, aligned
from likeness.errors import LikenessError
from likeness.models.detectors import Detections, Detector
from likeness.runs.record.folder import make_folder

SHEET, LIST, WRITTEN = "sheet.png", "not_one_face.csv", "written_by_align.csv"


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

    All but the sheet is written as it is found: a run that is killed leaves a list of what it has done.

    Args:
        places: images, and folders of images at any depth, such as one folder for each identity.
        detector: what finds the faces and their points.
        output: a folder, which is made where it isn't there.
        taken: which faces of a photograph; with `all` the second largest of 1.jpg is 1-face2.jpg, and so on.
        force: whether files that are there may be overwritten; then the faces of an earlier run go first.

    Raises:
        LikenessError: what a user can mend. An image that is unreadable is left out.
    """
    photographs = photographs_in(places)
    refuse_output(output, places, photographs, (SHEET, LIST, WRITTEN), force=force)
    if taken is Taken.all:
        _refuse_names_of_further_faces(photographs)
    make_folder(output, "-o")
    files = WrittenImages(output, WRITTEN, force=force)
    listed = GrowingFile(output / LIST, csv_text([("file", "faces", "written")]))
    sheet: list[NamedFace] = []
    unreadable: list[str] = []
    written = readable = without = several = 0
    for photograph, image, faces in faces_of(photographs, detector, unreadable):
        readable += 1
        crops = [] if taken is Taken.one and len(faces.boxes) > 1 else largest_first(image, faces)
        crops = crops if taken is Taken.all else crops[:1]
        for number, crop in enumerate(crops, 1):
            below = _numbered(photograph.written, number)
            files.write(below, crop, photograph.file)
            if len(sheet) < MOST:
                sheet.append(NamedFace(below.with_suffix("").as_posix(), crop))
        written += len(crops)
        found = len(faces.boxes)
        without += found == 0
        several += found > 1
        if found != 1 or not crops:
            listed.add(csv_text([(photograph.file, found, len(crops))]))
    if sheet:
        files.write(Path(SHEET), face_sheet(sheet, written - len(sheet)))
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
