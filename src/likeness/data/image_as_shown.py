"""An image file as what it shows, and back: nothing is refused that can be converted, and what was done is said."""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageChops, ImageCms
from torch import Tensor

from likeness.data.eight_bit import (
    Decoded,
    converted,
    decoded,
    laid_on_white,
    scaled_to_eight_bits,
)
from likeness.errors import FileError, UnreadableImage, mend_of
from likeness.spatial import MAX_PIXELS

SHORTEST_SIDE = 32
"""Pixels: the networks halve an image up to five times."""

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""By suffix what can be written."""

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by the colour space of a profile
_ROUNDING = 2  # levels by which a conversion from sRGB to itself may move a colour

log = logging.getLogger("likeness")


class FileImage(NamedTuple):
    """What a file shows: `image` uint8 RGB `[3, H, W]`; `notes`: what was converted for that, a sentence each."""

    image: Tensor
    notes: tuple[str, ...]


def read_image(
    source: str | Path | bytes,
    *,
    at_least: int | None = None,
    shortest_side: int = SHORTEST_SIDE,
    name: str = "",
    max_pixels: int = MAX_PIXELS,
) -> FileImage:
    """The image in `source` (a path, or encoded bytes), whole.

    EXIF orientation is applied, an embedded colour profile converted to sRGB, transparency laid on white, 16 bits
    are scaled to 8, and CMYK, palettes and grey become RGB. Of several frames the first counts.

    Args:
        source: path of a file, or its bytes.
        at_least: pixels; a JPEG whose sides are much longer may be decoded at a half, quarter or eighth of its size.
        shortest_side: pixels that the image must have on its shorter side.
        name: what to call bytes in a message.
        max_pixels: as many it may have when it is decoded.

    Raises:
        UnreadableImage: the bytes are cut short, not an image, or 32-bit numbers, or a side is too short.
        FileError: the file system doesn't give the file.
    """
    name = name or ("an image" if isinstance(source, bytes) else str(source))
    shown, done = _shown(decoded(source, name, at_least=at_least, max_pixels=max_pixels), name)
    if min(shown.size) < shortest_side:
        raise UnreadableImage(
            f"{name} is {shown.width} x {shown.height} pixels, but needs {shortest_side} on its shorter side: "
            "take a larger one."
        )
    pixels = np.array(np.asarray(shown).transpose(2, 0, 1), order="C")
    return FileImage(torch.from_numpy(pixels), tuple(f"{Path(name).name} {what}." for what in done))


def log_notes(notes: Iterable[str]) -> None:
    """Say what was converted."""
    for note in notes:
        log.info(note)


def refuse_existing(path: str | Path, *, force: bool) -> None:
    """Say, before anything is computed for it, why an image can't be written to `path`.

    Raises:
        ValueError: the suffix is none of `FORMATS`, or the folder is missing.
        FileExistsError: the file is there and `force` is not set.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(f"{path} can't be written: give it a suffix that is known, one of {known}.")
    if not path.parent.is_dir():
        raise ValueError(f"{path} can't be written, as there is no folder {path.parent}: make it first.")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: give the image another name.")
    if path.exists() and not force:
        raise FileExistsError(f"{path} is there already: give another name, or let it be overwritten.")


def write_image(path: str | Path, image: Tensor, *, force: bool = False) -> None:
    """Write `image`, uint8 RGB `[3, H, W]`, as a PNG or a JPEG by the suffix of `path`; never half of it.

    Raises:
        ValueError, FileExistsError: as `refuse_existing` says.
        FileError: the disk is full.
    """
    refuse_existing(path, force=force)
    path = Path(path).expanduser()
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    shown = Image.fromarray(image.permute(1, 2, 0).contiguous().cpu().numpy())
    try:
        shown.save(beside, FORMATS[path.suffix.lower()], quality=95, subsampling=0)
        os.replace(beside, path)
    except OSError as error:
        raise FileError(
            f"{path} can't be written ({error.strerror or error}): {mend_of(error)} or give another place."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def _shown(stored: Decoded, name: str) -> tuple[Image.Image, list[str]]:
    """An image in mode RGB as a viewer shows it, and what was done to it."""
    done = ["has 16 bits a channel: they are scaled to 8"] if stored.sixteen_bits else []
    if stored.turned:
        done.append("is turned as its EXIF orientation says")
    profile = stored.image.info.get("icc_profile")
    image = scaled_to_eight_bits(stored.image, name)
    cover = converted(image, "RGBA", name).getchannel("A") if image.has_transparency_data else None
    image, said = _in_srgb(image, profile, name)
    done.extend(said)
    if cover is not None and cover.getextrema() != (255, 255):
        done.append("has transparent parts: they are laid on white")
        image.putalpha(cover)
        image = laid_on_white(image, name).convert("RGB")
    return image, done


def _in_srgb(image: Image.Image, profile: bytes | None, name: str) -> tuple[Image.Image, list[str]]:
    """The colours of `image` in mode RGB, by its colour profile where that says something, and what was done."""
    plain, done = converted(image, "RGB", name), []
    if profile:
        try:
            by_profile, called = _by_profile(image, profile)
        except (OSError, KeyError, ValueError, ImageCms.PyCMSError):
            done.append("has a colour profile that can't be used: it is ignored")
        else:
            if _difference(plain, by_profile) <= _ROUNDING:
                return plain, []
            return by_profile, [f"has the colour profile {called}: its colours are converted to sRGB"]
    if image.mode == "CMYK":
        done.append("is in CMYK: its colours are converted to RGB by the plain formula")
    return plain, done


def _by_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    """The colours of `image` as `profile` says, in sRGB, and the profile's name."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = _MODES[source.profile.xcolor_space.strip()]
    grey, inks = image.mode in ("1", "L", "LA"), image.mode == "CMYK"
    if (mode == "L" and not grey) or inks != (mode == "CMYK"):
        raise ValueError("a profile of another kind of image")
    in_srgb = ImageCms.profileToProfile(image.convert(mode), source, _SRGB, outputMode="RGB")
    assert in_srgb is not None  # it is None only where the change is in place
    return in_srgb, " ".join(ImageCms.getProfileDescription(source).split()) or "without a name"


def _difference(first: Image.Image, second: Image.Image) -> int:
    """The most by which a channel of one RGB image differs from the other's."""
    return int(np.asarray(ImageChops.difference(first, second)).max())
