"""Masks over nose and mouth, worn by some: cloth on the lower face, up to the nose's bridge or worn wrongly."""

# ruff: noqa: RUF009 (a field's range stands where its default would)

from dataclasses import dataclass

import numpy as np

from likeness.data.drawn_faces.draws import Plane, between
from likeness.data.drawn_faces.geometry import Surface, ramp, unit
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, lit
from likeness.data.drawn_faces.paint import Colour, inside, lay, stroke

_SHARE = np.float32(0.85)
_ONE = np.float32(1)


@dataclass(frozen=True)
class Mask:
    """One column `[B, 1]` for each trait; a mask is worn where `worn` is above 0.85."""

    worn: Plane = between(0.0, 1.0)
    top: Plane = between(-0.12, 0.26)
    fall: Plane = between(0.1, 0.5)
    side: Plane = between(0.05, 0.35)
    pleats: Plane = between(0.0, 0.25)
    grey: Plane = between(0.02, 0.9)
    red: Plane = between(-0.35, 0.2)
    blue: Plane = between(-0.2, 0.35)
    strap: Plane = between(-0.12, 0.08)


def masks(paint: Colour, on: Surface, mask: Mask, who: Person, light: Light, pixel: Plane) -> None:
    """Laid over the `paint` of heads, on the skull `on`, where they are worn."""
    if not (mask.worn > _SHARE).any():
        return
    there = (mask.worn > _SHARE).astype(np.float32)
    fold = np.abs(on.x)
    edge = who.nose_y + mask.top - mask.fall * on.x * on.x - on.y
    cover = inside(edge, pixel)
    cover *= ramp(
        (on.z - mask.side) * (np.float32(0.5) / np.maximum(pixel, np.float32(0.05))) + np.float32(0.5)
    )
    height = (on.y - who.mouth_y) * np.float32(7)
    height -= np.floor(height)
    folds = _ONE - mask.pleats * height
    strap = stroke(on.y - who.nose_y - mask.strap - fold * np.float32(0.1), np.full_like(pixel, 0.015), pixel)
    strap *= ramp((mask.side + np.float32(0.1) - on.z) * np.float32(20))
    np.maximum(cover, strap, out=cover)
    cover *= there
    shade = lit(light, *unit(*on.normal), in_head=True)
    tone = (mask.grey * (1 + mask.red), mask.grey, mask.grey * (1 + mask.blue))
    lay(paint, Colour(*(a * b * folds for a, b in zip(shade, tone, strict=True))), cover)
