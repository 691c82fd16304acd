"""A block of pictures, from back to front."""

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane, draw, person_keys, picture_keys
from likeness.data.drawn_faces.features import beard, brows, eyes, lips, skin, skin_colour
from likeness.data.drawn_faces.film import develop
from likeness.data.drawn_faces.geometry import Surface, ellipsoid, frame, ramp
from likeness.data.drawn_faces.glasses import glasses
from likeness.data.drawn_faces.hair import behind, hair_colour, shaded, shell, strands_at
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, gloss, light_of, lit
from likeness.data.drawn_faces.noise import line, over, tile
from likeness.data.drawn_faces.paint import Colour, lay, spot
from likeness.data.drawn_faces.relief import Face, face
from likeness.data.drawn_faces.surroundings import background, ears, neck_and_shoulders

_BLOCK_PIXELS = 32_768
_ONE = np.float32(1)


def render(
    seed: int, identity: NDArray[np.int64], picture: NDArray[np.int64], size: int, channels: int
) -> NDArray[np.uint8]:
    """Picture `picture[b]` of person `identity[b]`: `[B, channels, size, size]` uint8.

    Each is a function of (seed, identity, picture) alone: nothing below mixes the rows of a block, whose length is
    chosen so that the planes at work stay in a core's cache.
    """
    step = max(1, _BLOCK_PIXELS // (size * size))
    pictures = np.empty((len(identity), channels, size, size), np.uint8)
    for start in range(0, len(identity), step):
        block = slice(start, start + step)
        pictures[block] = _block(seed, identity[block], picture[block], size, channels)
    return pictures


def _block(
    seed: int, identity: NDArray[np.int64], picture: NDArray[np.int64], size: int, channels: int
) -> NDArray[np.uint8]:
    person = person_keys(seed, identity)
    keys = picture_keys(person, picture)
    who, how = draw(Person, person), draw(Conditions, keys)
    at = frame(size, how)
    light = light_of(at, how)
    tone, hair = skin_colour(who, how), hair_colour(who, how)

    paint = background(at, how, line(keys, "background"))
    strands = strands_at(at.x, at.y, who, how, line(keys, "strands"))
    dull = np.zeros_like(strands)
    side = lit(light, at.x * np.float32(0.9), dull, dull + np.float32(0.3))
    back = Colour(*(channel * shade * (strands * np.float32(0.2) + np.float32(0.6)) for channel, shade in zip(hair, side, strict=True)))
    lay(paint, back, behind(at, who, how))
    neck_and_shoulders(paint, at, who, how, light, tone)

    skull = ellipsoid(at, who)
    on = face(at, skull, who, how)
    head = _head(on, skull, who, how, light, hair, at.pixel, person)
    lay(paint, head, skull.cover)
    ears(paint, at, who, light, tone, skull.cover)

    cap = ellipsoid(at, who, who.hair_volume + how.hair_volume, 0.35 * (who.hair_volume + how.hair_volume) + 0.02)
    covered = shell(at, cap, who, how, strands)
    normal = _unit(*cap.normal)
    over_hair = lit(light, *normal, in_head=True)
    glance = gloss(light, *normal)
    streak = strands * np.float32(0.30) + np.float32(0.88)
    glance *= strands * np.float32(0.06) + np.float32(0.09)
    lay(paint, Colour(*(shade * channel * streak + glance * (channel + np.float32(0.10)) for shade, channel in zip(over_hair, hair, strict=True))), covered)
    glasses(paint, at, who, how, (skull.x, skull.y, skull.z))
    return develop(paint, how, keys, channels)


def _head(
    on: Face, skull: Surface, who: Person, how: Conditions, light: Light, hair: Colour, pixel: Plane, person: NDArray[np.uint64]
) -> Colour:
    """The skin and all that is painted on it, in its light."""
    grain = over(tile(person, "skin"), on.x * np.float32(14) + np.float32(64), on.y * np.float32(14) + np.float32(64))
    paint = skin(on, who, how, grain)
    beard(paint, on, who, how, hair, grain)
    lips(paint, on, who, how, pixel)
    nx, ny, nz = skull.normal
    normal = _unit(nx - on.slope_x * nz, ny - on.slope_y * nz, nz)
    smooth = eyes(paint, on, who, how, pixel)
    brows(paint, on, who, how, hair, grain, pixel)
    none = np.zeros_like(who.width)
    # the shadow that the nose casts away from the lamp, and that of the brows in the sockets
    dim = _ONE - spot(on.x, on.y, -0.20 * light.head[0] / light.head[2], who.nose_y + 0.06 - 0.16 * np.maximum(light.head[1], 0), none + 0.13, none + 0.17) * np.minimum(
        0.7 * np.abs(light.head[0]) + 0.35 * np.maximum(light.head[1], 0), 0.55
    )
    dim *= _ONE - spot(on.fold, on.y, 0.85 * who.eye_x, who.eye_y + 0.05, none + 0.22, none + 0.13) * (
        (0.15 + 2.0 * who.socket) * (0.5 + np.maximum(light.head[1], 0))
    )
    shade = lit(light, *normal, in_head=True, dim=dim)
    shine = gloss(light, *normal)
    shine *= np.float32(0.10)
    shine *= _ONE - smooth
    # the crown of the head is under hair, and darker towards it
    under = ramp((who.hairline + 0.25 - on.y) * np.float32(3.5)) * np.float32(0.4) + np.float32(0.6)
    return Colour(*(channel * lamp * under + shine * key for channel, lamp, key in zip(paint, shade, light.key, strict=True)))


def _unit(x: Plane, y: Plane, z: Plane) -> tuple[Plane, Plane, Plane]:
    square = x * x
    square += y * y
    square += z * z
    inverse = _ONE / np.sqrt(np.maximum(square, np.float32(1e-12)))
    return x * inverse, y * inverse, z * inverse
