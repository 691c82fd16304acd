"""The images of what was found wrong in a gallery, side by side on a sheet."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from likeness.applications.face_sheet import MOST, NamedFace, face_sheet
from likeness.applications.gallery.check import Finding, Findings
from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.store import Image
from likeness.data.alignment import SIDE
from likeness.data.decode import decode
from likeness.data.image_as_shown import refuse_existing, write_image
from likeness.errors import LikenessError


def refuse_sheet(output: Path, *, force: bool) -> None:
    """Say, before anything is computed for it, why a sheet can't be written.

    Raises:
        LikenessError: it has no suffix of an image, is there already, or its folder is missing or can't be written.
    """
    try:
        refuse_existing(output, force=force)
    except (ValueError, FileExistsError) as error:
        raise LikenessError(_by_force(error)) from error
    if not os.access(output.expanduser().parent, os.W_OK):
        raise LikenessError(f"{output} can't be written (Permission denied): give -o another folder.")


def write_sheet(output: Path, findings: Findings, *, force: bool) -> str:
    """Write a sheet with two images of each finding to a .png or .jpg; returns where, or why there is none.

    Raises:
        LikenessError: it can't be written, or is there already and `force` is not set.
    """
    faces = [face for kind, found in findings.kinds().items() for face in _shown(kind, found)]
    if not faces:
        return "no sheet: nothing was found, or no file is what was enrolled any more"
    try:
        write_image(output, face_sheet(faces[:MOST], max(0, len(faces) - MOST)), force=force)
    except (ValueError, FileExistsError) as error:
        raise LikenessError(_by_force(error)) from error
    return str(output)


def _by_force(error: Exception) -> str:
    return str(error).replace("let it be overwritten", "overwrite it with --force")


def _shown(kind: str, findings: Sequence[Finding]) -> Iterator[NamedFace]:
    for rank, finding in enumerate(findings, 1):
        faces = [(letter, _face(image)) for letter, image in zip("ab", finding.images, strict=True)]
        yield from (NamedFace(f"{kind} {rank}{letter}", face) for letter, face in faces if face is not None)


def _face(image: Image) -> Tensor | None:
    try:
        if content_of(Path(image.file)) == image.content:
            return decode(image.file, spatial_size=SIDE, channels=3)
    except LikenessError:
        pass  # it is gone, or can't be read any more
    return None
