"""What is behind and below the head: the background, the neck, the shoulders and the ears."""

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, dome, ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, lit
from likeness.data.drawn_faces.noise import along
from likeness.data.drawn_faces.paint import Colour, blend, inside, lay, spot
from likeness.data.drawn_faces.windows import Window

_ONE = np.float32(1)
_EAR_Z = -0.02


def background(at: Frame, how: Conditions, table: Plane) -> Colour:
    """A colour that fades across the image, with soft patches: products of a row and a column of noise."""
    grey = 0.3 * how.back_red + 0.5 * how.back_green + 0.2 * how.back_blue
    near = blend(Colour(how.back_red, how.back_green, how.back_blue), Colour(grey, grey, grey), how.back_grey)
    fade = at.u * how.back_x
    fade += at.v * how.back_y
    fade += np.float32(0.8)
    side = round(at.u.shape[1] ** 0.5)
    places = np.linspace(0, 5, side, dtype=np.float32)[None, :]
    rows = [
        along(table, np.ascontiguousarray(np.broadcast_to(places + 20 * k, (len(table), side))))
        for k in range(4)
    ]
    patches = rows[0][:, :, None] * rows[1][:, None, :]
    patches += rows[2][:, :, None] * rows[3][:, None, :]
    fade *= patches.reshape(fade.shape) * how.back_patches + _ONE
    np.maximum(fade, np.float32(0.05), out=fade)
    return Colour(*(fade * channel for channel in near))


def neck_and_shoulders(
    paint: Colour, u: Plane, v: Plane, at: Frame, who: Person, how: Conditions, light: Light, tone: Colour
) -> None:
    """Laid over `paint` at the places (u, v) of the lower rows; upright, while the head turns above them."""
    x = u + np.float32(0.16) * at.sine
    y = v
    none = np.zeros_like(who.width)
    jaw = -0.62 * who.height
    flare = np.maximum(np.float32(-0.98) - y, np.float32(0))
    wide = flare * flare
    wide *= np.float32(2.2)
    wide += who.neck
    round_x = x / wide
    round_z = np.sqrt(np.maximum(_ONE - round_x * round_x, np.float32(0.02)))
    shade = lit(light, round_x, none - 0.15, round_z)
    # the head's own shadow, deepest under the chin
    under = ramp((jaw - y) * np.float32(1.5) + np.float32(0.05))
    under *= np.float32(0.55)
    under += np.float32(0.32)
    fold = np.abs(x)
    cover = inside(np.minimum(wide - fold, jaw - y), at.pixel)
    under *= _ONE - spot(fold, y, 0.42 * who.neck, none - 1.2, none + 0.08, none + 0.4) * np.float32(0.25)
    lay(paint, Colour(*(a * b * under for a, b in zip(shade, tone, strict=True))), cover)
    slope = np.maximum(fold - who.neck, np.float32(0))
    top = slope * np.float32(-0.25)
    top -= np.float32(0.20)
    top *= slope
    dip = x * (1 / (who.neck + 0.12))
    top -= dome(np.multiply(dip, dip, out=dip)) * (0.08 + 0.25 * how.collar)
    top -= np.float32(1.0) + 0.10 * how.collar
    fall = x * np.float32(0.55)
    shade = lit(light, fall, none + 0.25, none + 0.75)
    top -= y
    seam = ramp(top * np.float32(14)) * np.float32(0.35)
    seam += np.float32(0.65)
    cloth = (how.cloth_red, how.cloth_green, how.cloth_blue)
    lay(paint, Colour(*(a * b * seam for a, b in zip(shade, cloth, strict=True))), inside(top, at.pixel))


def ear_window(at: Frame, who: Person, side: float) -> Window:
    """Where the ear on the right (`side` 1) or the left (-1) of the image may be."""
    return at.window(_ear_x(who, side), who.ear_y, np.full_like(who.width, _EAR_Z), 0.30, 0.32)


def ear(
    paint: Colour,
    x: Plane,
    y: Plane,
    at: Frame,
    who: Person,
    light: Light,
    tone: Colour,
    head: Plane,
    side: float,
) -> None:
    """Laid over `paint` in its window; on the far side only where the head, which covers `head`, does not hide it."""
    right, up, _ = at.axes
    x0 = _ear_x(who, side)
    turned = at.sine * np.float32(side)
    wide = 0.050 + 0.45 * who.ear_out + 0.16 * np.maximum(-turned, np.float32(0))
    dx = x - (x0 * right[0] + np.float32(_EAR_Z) * right[2])
    dy = y - (x0 * up[0] + who.ear_y * up[1] + np.float32(_EAR_Z) * up[2])
    dx -= dy * np.float32(0.12 * side)
    across = dx * (1 / wide)
    # narrower at the lobe
    across *= _ONE + np.maximum(-dy, np.float32(0)) * np.float32(2.0)
    down = dy * (1 / who.ear_size)
    square = across * across + down * down
    cover = inside((_ONE - square) * (0.5 * wide), at.pixel)
    cover *= _ONE - head * np.clip(turned * 6 + 0.3, 0, 1)
    none = np.zeros_like(who.width)
    shade = lit(light, across * np.float32(0.4) + np.float32(0.5 * side), down * np.float32(0.2), none + 0.75)
    bowl = across + np.float32(0.1 * side)
    bowl *= bowl
    bowl += np.square(down - np.float32(0.05))
    dark = _ONE - dome(bowl * np.float32(2.6)) * np.float32(0.5)
    dark *= _ONE - ramp(square - np.float32(0.72)) * np.float32(0.6)
    pink = (tone.red, 0.88 * tone.green, 0.86 * tone.blue)
    lay(paint, Colour(*(a * b * dark for a, b in zip(shade, pink, strict=True))), cover)


def _ear_x(who: Person, side: float) -> Plane:
    return (who.width * (1 + 0.6 * who.cheek) + 0.25 * who.ear_out) * np.float32(side)
