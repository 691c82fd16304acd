"""A block of images, from back to front."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Keys, Plane, draw, image_keys, person_keys
from likeness.data.drawn_faces.features import (
    beard,
    bearded,
    brows,
    eyes,
    lips,
    mole,
    skin,
    skin_colour,
    skin_light,
)
from likeness.data.drawn_faces.film import develop
from likeness.data.drawn_faces.geometry import Frame, Surface, ellipsoid, frame, unit
from likeness.data.drawn_faces.glasses import glasses, worn
from likeness.data.drawn_faces.hair import (
    behind,
    hair_colour,
    hair_cover,
    hair_in_light,
    hair_surface,
    looseness,
    strands_at,
)
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, gloss, light_of, lit
from likeness.data.drawn_faces.noise import line, over, tile
from likeness.data.drawn_faces.paint import Colour, cut, lay, paste, spot
from likeness.data.drawn_faces.relief import Face, Parts, face
from likeness.data.drawn_faces.rows import chosen
from likeness.data.drawn_faces.surroundings import background, ear, ear_window, neck_and_shoulders
from likeness.data.drawn_faces.windows import Window, within

_BLOCK_PIXELS = 98_304
BUFFER = 512
"""NumPy's buffer, in numbers: at its usual 8192 it copies what it broadcasts, which takes three times as long."""
_ONE = np.float32(1)


def render(
    seed: int, identity: NDArray[np.int64], image: NDArray[np.int64], size: int, channels: int
) -> NDArray[np.uint8]:
    """Image `image[b]` of person `identity[b]`: `[B, channels, size, size]` uint8.

    Each is a function of (seed, identity, image) alone: nothing below mixes the rows of a block, whose length is
    chosen so that the planes at work stay in a core's cache.
    """
    keep_freed_memory()
    step = max(1, _BLOCK_PIXELS // (size * size))
    images = np.empty((len(identity), channels, size, size), np.uint8)
    usual = np.setbufsize(BUFFER)
    try:
        for start in range(0, len(identity), step):
            block = slice(start, start + step)
            images[block] = _block(seed, identity[block], image[block], size, channels)
    finally:
        np.setbufsize(usual)
    return images


@cache
def keep_freed_memory() -> None:
    """Let the C library reuse the planes' memory instead of handing it back, to be zeroed, after each operation.

    glibc raises its thresholds for doing so to the size of the largest block freed, so freeing one that was never
    touched is enough; elsewhere this does nothing.
    """
    np.empty(1 << 24, np.uint8)


def _block(
    seed: int, identity: NDArray[np.int64], image: NDArray[np.int64], size: int, channels: int
) -> NDArray[np.uint8]:
    person = person_keys(seed, identity)
    keys = image_keys(person, image)
    who, how = draw(Person, person), draw(Conditions, keys)
    at = frame(size, how)
    light = light_of(at, how)
    tone, hair = skin_colour(who, how), hair_colour(who, how)
    strands = strands_at(at.x, at.y, who, how, line(keys, "strands"))
    none = np.zeros_like(who.width)

    paint = background(at, how, line(keys, "background"))
    paint_hair_behind(paint, at, who, how, light, hair, strands)
    low = _rows(len(keys), size, round(0.68 * size), size)
    part = cut(low, paint)
    neck_and_shoulders(part, low.cut(at.u), low.cut(at.v), at, who, how, light, tone)
    paste(low, paint, part)

    outer = at.window(none, none - 0.10, none, 1.03, 1.20)
    skull = ellipsoid(at, outer.cut(at.x), outer.cut(at.y), who)
    covered = np.zeros_like(at.x)
    outer.paste(covered, skull.cover)
    head = painted_skin(at, outer, skull, who, how, light, hair, person)
    part = cut(outer, paint)
    lay(part, head, skull.cover)
    paste(outer, paint, part)
    for side in (-1.0, 1.0):
        window = ear_window(at, who, side)
        part = cut(window, paint)
        ear(part, window.cut(at.x), window.cut(at.y), at, who, light, tone, window.cut(covered), side)
        paste(window, paint, part)

    _hair_before(paint, at, who, how, light, hair, strands)
    rows = worn(how)
    if len(rows):
        few_at, few, few_how = chosen(at, rows), chosen(who, rows), chosen(how, rows)
        window = chosen(outer, rows)
        part = Colour(*(window.cut(channel[rows]) for channel in paint))
        glasses(part, window.cut(few_at.x), window.cut(few_at.y), few_at, few, few_how, chosen(skull, rows))
        for channel, new in zip(paint, part, strict=True):
            whole = channel[rows]
            window.paste(whole, new)
            channel[rows] = whole
    return develop(paint, how, keys, channels)


def paint_hair_behind(
    paint: Colour, at: Frame, who: Person, how: Conditions, light: Light, hair: Colour, strands: Plane
) -> None:
    """Lay the hair that is worn loose, and falls behind the head, over `paint`."""
    rows = np.flatnonzero(looseness(who, how)[:, 0] > 0)
    if not len(rows):
        return
    few_at = chosen(at, rows)
    cover, shade = behind(few_at.x, few_at.y, few_at, chosen(who, rows), chosen(how, rows), strands[rows])
    lamp = lit(
        chosen(light, rows),
        few_at.x * np.float32(0.7),
        np.zeros_like(shade[:, :1]),
        np.full_like(shade[:, :1], 0.6),
    )
    under = Colour(*(channel[rows] for channel in paint))
    lay(under, Colour(*(a * b[rows] * shade for a, b in zip(lamp, hair, strict=True))), cover)
    for channel, new in zip(paint, under, strict=True):
        channel[rows] = new


def _hair_before(
    paint: Colour, at: Frame, who: Person, how: Conditions, light: Light, hair: Colour, strands: Plane
) -> None:
    """The hair on the skull: it ends above the jaw, so only the upper rows are worked on."""
    upper = _rows(len(strands), at.size, 0, round(0.67 * at.size))
    x, y, strands = upper.cut(at.x), upper.cut(at.y), upper.cut(strands)
    cap = hair_surface(at, x, y, who, how)
    cover = hair_cover(at, cap, who, how, strands)
    part = cut(upper, paint)
    lay(part, hair_in_light(cap, hair, light, strands), cover)
    paste(upper, paint, part)


def painted_skin(
    at: Frame,
    outer: Window,
    skull: Surface,
    who: Person,
    how: Conditions,
    light: Light,
    hair: Colour,
    person: Keys,
) -> Colour:
    """The skin and all that is painted on it, in its light, in the head's window."""
    none = np.zeros_like(who.width)
    parts = Parts(
        within(outer, at.window(none, who.eye_y + 0.08, none + 0.85, 0.68, 0.42)),
        within(outer, at.window(none, who.nose_y + 0.20, none + 0.95, 0.50, 0.56)),
        within(outer, at.window(none, who.mouth_y - 0.10, none + 0.75, 0.72, 0.56)),
    )
    on = face(at, skull, who, how, parts)
    grain = over(
        tile(person, "skin"), on.x * np.float32(18) + np.float32(64), on.y * np.float32(18) + np.float32(64)
    )
    bright = skin_light(on, who, how, grain, parts)
    for x0, y0, size in (
        (who.mole_1_x, who.mole_1_y, who.mole_1_size),
        (who.mole_2_x, who.mole_2_y, who.mole_2_size),
        (who.mole_3_x, who.mole_3_y, who.mole_3_size),
    ):
        z0 = who.depth * np.sqrt(np.maximum(1 - np.square(x0 / who.width) - np.square(y0 / who.height), 0))
        mole(bright, on, within(outer, at.window(x0, y0, z0, 0.24, 0.20)), x0, y0, size)
    paint = skin(bright, on, who, how, grain)
    rows = bearded(who)
    if len(rows):
        some = Colour(*(channel[rows] for channel in paint))
        beard(some, chosen(on, rows), chosen(who, rows), chosen(how, rows), chosen(hair, rows), grain[rows])
        for channel, new in zip(paint, some, strict=True):
            channel[rows] = new
    part = cut(parts.mouth, paint)
    lips(part, parts.mouth.cut(on.x), parts.mouth.cut(on.y), who, how, at.pixel)
    paste(parts.mouth, paint, part)

    dim, smooth = _shadows(on, who, light, parts), np.ones_like(on.x)
    part, x, y = cut(parts.eyes, paint), parts.eyes.cut(on.x), parts.eyes.cut(on.y)
    eyeball = eyes(part, x, y, who, how, at.pixel)
    parts.eyes.paste(smooth, _ONE - eyeball)
    brows(part, x, y, who, how, hair, parts.eyes.cut(grain), at.pixel)
    paste(parts.eyes, paint, part)
    return _in_light(paint, skull, on, dim, smooth, light)


def _in_light(paint: Colour, skull: Surface, on: Face, dim: Plane, smooth: Plane, light: Light) -> Colour:
    nx, ny, nz = skull.normal
    normal = unit(nx - on.slope_x * nz, ny - on.slope_y * nz, nz)
    colour = lit(light, *normal, in_head=True, dim=dim)
    shine = gloss(light, *normal)
    shine *= smooth
    for channel, skin_tone, key in zip(colour, paint, light.key, strict=True):
        channel *= skin_tone
        channel += shine * (np.float32(0.10) * key)
    return colour


def _shadows(on: Face, who: Person, light: Light, parts: Parts) -> Plane:
    """How much of the lamp reaches the skin: nose and brows cast soft shadows away from it."""
    none = np.zeros_like(who.width)
    above = np.maximum(light.head[1], np.float32(0))
    dim = np.ones_like(on.x)
    part = parts.nose.cut(dim)
    strength = np.minimum(0.7 * np.abs(light.head[0]) + 0.35 * above, np.float32(0.55))
    part -= strength * spot(
        parts.nose.cut(on.x),
        parts.nose.cut(on.y),
        np.clip(-0.20 * light.head[0] / np.maximum(light.head[2], np.float32(0.3)), -0.28, 0.28),
        who.nose_y + 0.06 - 0.14 * above,
        none + 0.13,
        none + 0.17,
    )
    parts.nose.paste(dim, part)
    part = parts.eyes.cut(dim)
    fold, y = np.abs(parts.eyes.cut(on.x)), parts.eyes.cut(on.y)
    part *= _ONE - spot(fold, y, 0.85 * who.eye_x, who.eye_y + 0.05, none + 0.22, none + 0.13) * (
        (0.15 + 2.0 * who.socket) * (0.5 + above)
    )
    parts.eyes.paste(dim, part)
    return dim


def _rows(count: int, size: int, start: int, stop: int) -> Window:
    at = np.zeros(count, np.intp)
    return Window(at + start, at, stop - start, size, (size, size))
