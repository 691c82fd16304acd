"""A picture file as what it shows, and back: nothing is refused that can be converted, and what was done is said."""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageFile, ImageOps
from torch import Tensor

from likeness.data.eight_bit import laid_on_white, opened, scaled_to_eight_bits
from likeness.errors import BrokenPicture, LikenessError

SHORTEST_SIDE = 32
"""Pixels: the networks halve a picture up to five times."""

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""By suffix what can be written."""

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by the colour space of a profile
_ROUNDING = 2  # levels by which a conversion from sRGB to itself may move a colour

log = logging.getLogger("likeness")


class Picture(NamedTuple):
    """What a file shows: `image` uint8 RGB `[3, H, W]`; `notes`: what was converted for that, a sentence each."""

    image: Tensor
    notes: tuple[str, ...]


def read_picture(path: str | Path, *, at_least: int | None = None) -> Picture:
    """The picture at `path`, whole.

    EXIF orientation is applied, an embedded colour profile converted to sRGB, transparency laid on white, 16 bits
    are scaled to 8, and CMYK, palettes and grey become RGB. Of several frames the first counts.

    Args:
        path: the file.
        at_least: pixels; a JPEG whose sides are much longer may be decoded at a half, quarter or eighth of its size.

    Raises:
        BrokenPicture: the file is missing, cut short, not a picture, holds 32-bit numbers, or is shorter than 32
            pixels on a side.
    """
    with opened(path, str(path)) as image:
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        shown, done = _shown(image)
    if min(shown.size) < SHORTEST_SIDE:
        raise BrokenPicture(
            f"{path} is {shown.width} x {shown.height} pixels, but needs {SHORTEST_SIDE} on its shorter side: "
            "take a larger one."
        )
    pixels = np.ascontiguousarray(np.asarray(shown).transpose(2, 0, 1))
    return Picture(torch.from_numpy(pixels), tuple(f"{Path(path).name} {what}." for what in done))


def log_notes(notes: Iterable[str]) -> None:
    """Say what was converted."""
    for note in notes:
        log.info(note)


def refuse_existing(path: str | Path, *, force: bool) -> None:
    """Say, before anything is computed for it, why a picture can't be written to `path`.

    Raises:
        LikenessError: the suffix is none of `FORMATS`, the folder is missing, or the file is there and `force` is not
            set.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise LikenessError(f"{path} can't be written: give it a suffix that is known, one of {known}.")
    if not path.parent.is_dir():
        raise LikenessError(f"{path} can't be written, as there is no folder {path.parent}: make it first.")
    if path.is_dir():
        raise LikenessError(f"{path} is a folder: give the picture another name.")
    if path.exists() and not force:
        raise LikenessError(f"{path} is there already: give another name, or overwrite it with --force.")


def write_picture(path: str | Path, image: Tensor, *, force: bool = False) -> None:
    """Write `image`, uint8 RGB `[3, H, W]`, as a PNG or a JPEG by the suffix of `path`; never half of it.

    Raises:
        LikenessError: as `refuse_existing` says, or the disk is full.
    """
    refuse_existing(path, force=force)
    path = Path(path).expanduser()
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    shown = Image.fromarray(image.permute(1, 2, 0).contiguous().cpu().numpy())
    try:
        shown.save(beside, FORMATS[path.suffix.lower()], quality=95, subsampling=0)
        os.replace(beside, path)
    except OSError as error:
        raise LikenessError(
            f"{path} can't be written ({error.strerror or error}): make room or give another place."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def _shown(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """`image` upright in mode RGB as a viewer shows it, and what was done to it."""
    done = ["has 16 bits a channel: they are scaled to 8"] if _has_sixteen_bits(image) else []
    image.load()
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        done.append("is turned as its EXIF orientation says")
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    image = scaled_to_eight_bits(image)
    cover = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    image, said = _in_srgb(image, profile)
    done.extend(said)
    if cover is not None and cover.getextrema() != (255, 255):
        done.append("has transparent parts: they are laid on white")
        image.putalpha(cover)
        image = laid_on_white(image).convert("RGB")
    return image, done


def _has_sixteen_bits(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet has 16 bits a channel; Pillow takes the upper 8 of a colour's."""
    assert isinstance(image, ImageFile.ImageFile)
    raw_modes = (
        tile.args if isinstance(tile.args, str) else str((tile.args or [""])[0]) for tile in image.tile
    )
    return any(
        ";16" in mode and not mode.startswith("BGR") for mode in raw_modes
    )  # BGR;16 is 16 bits a pixel


def _in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, list[str]]:
    """The colours of `image` in mode RGB, by its colour profile where that says something, and what was done."""
    plain, done = image.convert("RGB"), []
    if profile:
        try:
            converted, name = _by_profile(image, profile)
        except (OSError, KeyError, ValueError, ImageCms.PyCMSError):
            done.append("has a colour profile that can't be used: it is ignored")
        else:
            if _difference(plain, converted) <= _ROUNDING:
                return plain, []
            return converted, [f"has the colour profile {name}: its colours are converted to sRGB"]
    if image.mode == "CMYK":
        done.append("is in CMYK: its colours are converted to RGB by the plain formula")
    return plain, done


def _by_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    """The colours of `image` as `profile` says, in sRGB, and the profile's name."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = _MODES[source.profile.xcolor_space.strip()]
    grey, inks = image.mode in ("1", "L", "LA"), image.mode == "CMYK"
    if (mode == "L" and not grey) or inks != (mode == "CMYK"):
        raise ValueError("a profile of another kind of picture")
    converted = ImageCms.profileToProfile(image.convert(mode), source, _SRGB, outputMode="RGB")
    assert converted is not None  # it is None only where the change is in place
    return converted, " ".join(ImageCms.getProfileDescription(source).split()) or "without a name"


def _difference(first: Image.Image, second: Image.Image) -> int:
    """The most by which a channel of one RGB image differs from the other's."""
    return int(np.asarray(ImageChops.difference(first, second)).max())
