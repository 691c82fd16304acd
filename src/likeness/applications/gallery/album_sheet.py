"""The clusters of an album on a sheet, a row for each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pixels
from PIL import ImageDraw
from torch import Tensor

from likeness.applications.counted import counted
from likeness.applications.gallery.album import Album
from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.read_images import FaceFinder, Sized, left_out, shown_in
from likeness.applications.gallery.store import Image
from likeness.applications.labels import font_of, shortened
from likeness.data.alignment import SIDE
from likeness.data.image_as_shown import refuse_existing, write_image
from likeness.errors import LikenessError

ROWS, ACROSS = 40, 10
"""Clusters on a sheet, the largest, and images of each."""

_GAP, _LABEL, _LETTERS = 8, 22, 13  # pixels: between faces, for a line of text, and the height of its font
_INK = "#333333"


def write_album_sheet(output: Path, album: Album, finders: Mapping[str, FaceFinder], *, force: bool) -> str:
    """Write a sheet of the clusters of several images to a .png or .jpg, the largest first; returns where.

    Images that are no longer where they were are left out; those in which a detector found the face show it again.

    Raises:
        LikenessError: it can't be written, or is there already and `force` is not set.
    """
    count = np.bincount(album.row, minlength=len(album.subjects))
    several = [number for number in np.argsort(-count, kind="stable").tolist() if count[number] > 1]
    rows = []
    for number in several[:ROWS]:
        images = [album.images[place] for place in np.flatnonzero(album.row == number).tolist()]
        rows.append((f"{album.subjects[number]}: {counted(len(images), 'image')}", _faces(images, finders)))
    missing = []
    if len(several) > ROWS:
        missing.append(f"{len(several) - ROWS:,} more of several")
    if alone := int(np.count_nonzero(count == 1)):
        missing.append(f"{counted(alone, 'image')} alone")
    refuse_sheet(output, force=force)
    write_image(output, _drawn(rows, " and ".join(missing)), force=force)
    return str(output)


def refuse_sheet(output: Path, *, force: bool) -> None:
    """Raise a `LikenessError` where a sheet can't be written to `output`, or is there and `force` is not set."""
    try:
        refuse_existing(output, force=force)
    except (ValueError, FileExistsError) as error:
        sentence = str(error).replace("let it be overwritten", "overwrite it with --force")
        raise LikenessError(sentence) from error


def _faces(images: Sequence[Image], finders: Mapping[str, FaceFinder]) -> list[Tensor]:
    faces: list[Tensor] = []
    for image in images:
        if len(faces) == ACROSS:
            break
        try:
            if content_of(Path(image.file)) != image.content:
                continue
        except LikenessError:  # it is gone
            continue
        face = shown_in(image, Sized(SIDE, 3), finders.get(image.detector), left_out())
        if face is not None:
            faces.append(face)
    return faces


def _drawn(rows: Sequence[tuple[str, Sequence[Tensor]]], missing: str) -> Tensor:
    """Rows of faces, uint8 `[3, H, W]`, each below its label, and a last line."""
    across = max([3, *(len(faces) for _, faces in rows)])
    width = _GAP + across * (SIDE + _GAP)
    height = _GAP + len(rows) * (_LABEL + SIDE + 2 * _GAP) + (_LABEL if missing else 0)
    page = Pixels.new("RGB", (width, max(height, 1)), "white")
    pen, font = ImageDraw.Draw(page), font_of(_LETTERS)
    y = _GAP
    for label, faces in rows:
        pen.text(
            (_GAP, y + _LABEL / 2),
            shortened(label, font, width - 2 * _GAP),
            font=font,
            fill=_INK,
            anchor="lm",
        )
        y += _LABEL
        for place, face in enumerate(faces):
            pixels = face.permute(1, 2, 0).contiguous().cpu().numpy()
            page.paste(Pixels.fromarray(pixels), (_GAP + place * (SIDE + _GAP), y))
        y += SIDE + 2 * _GAP
    if missing:
        pen.text(
            (_GAP, y + _LABEL / 2), f"and {missing}" if rows else missing, font=font, fill=_INK, anchor="lm"
        )
    return torch.from_numpy(np.array(page).transpose(2, 0, 1).copy())
