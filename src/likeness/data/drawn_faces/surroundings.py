"""What is behind and below the head: the background, the neck, the shoulders and the ears."""

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, dome, ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, lit
from likeness.data.drawn_faces.noise import along
from likeness.data.drawn_faces.paint import Colour, blend, inside, lay, plain, spot

_ONE = np.float32(1)


def background(at: Frame, how: Conditions, table: Plane) -> Colour:
    """A colour that fades across the picture, with soft patches: products of a row and a column of noise."""
    grey = 0.3 * how.back_red + 0.5 * how.back_green + 0.2 * how.back_blue
    near = blend(Colour(how.back_red, how.back_green, how.back_blue), Colour(grey, grey, grey), how.back_grey)
    fade = at.u * how.back_x
    fade += at.v * how.back_y
    fade += np.float32(0.8)
    side = round(at.u.shape[1] ** 0.5)
    places = np.linspace(0, 5, side, dtype=np.float32)[None, :]
    rows = [along(table, np.ascontiguousarray(np.broadcast_to(places + 20 * k, (len(table), side)))) for k in range(4)]
    patches = rows[0][:, :, None] * rows[1][:, None, :]
    patches += rows[2][:, :, None] * rows[3][:, None, :]
    fade *= patches.reshape(fade.shape) * how.back_patches + _ONE
    np.maximum(fade, np.float32(0.05), out=fade)
    return Colour(*(fade * channel for channel in near))


def neck_and_shoulders(paint: Colour, at: Frame, who: Person, how: Conditions, light: Light, tone: Colour) -> None:
    """Laid over `paint`; upright, while the head rolls and turns above them."""
    x = at.u + np.float32(0.16) * at.sine
    y = at.v
    jaw = -0.62 * who.height
    flare = np.maximum(np.float32(-0.98) - y, np.float32(0))
    wide = flare * flare * np.float32(2.2) + who.neck
    round_x = x / wide
    round_z = np.sqrt(np.maximum(_ONE - round_x * round_x, np.float32(0.02)))
    shade = lit(light, round_x, np.float32(-0.15) + 0 * round_x, round_z)
    # the head's own shadow, deepest under the chin
    shade_under = ramp((jaw - y) * np.float32(1.5) + np.float32(0.05))
    shade_under *= np.float32(0.55)
    shade_under += np.float32(0.32)
    cover = inside(wide - np.abs(x), at.pixel) * inside(jaw - y, at.pixel)
    tendons = spot(np.abs(x), y, 0.42 * who.neck, np.full_like(jaw, -1.25), np.full_like(jaw, 0.08), np.full_like(jaw, 0.4))
    shade_under *= _ONE - tendons * np.float32(0.25)
    lay(paint, Colour(*(a * b * shade_under for a, b in zip(shade, tone, strict=True))), cover)
    slope = np.abs(x) - who.neck
    top = np.maximum(slope, np.float32(0))
    top = np.float32(-1.02) - top * np.float32(0.20) - top * top * np.float32(0.25) - (0.06 + 0.12 * how.collar)
    dip = x * (1 / (who.neck + 0.12))
    top -= dome(np.multiply(dip, dip, out=dip)) * (0.08 + 0.30 * how.collar)
    cloth = inside(top - y, at.pixel)
    fall = x * np.float32(0.55)
    shade = lit(light, fall, np.float32(0.25) + 0 * fall, np.float32(0.75) + 0 * fall)
    seam = ramp((top - y) * np.float32(14)) * np.float32(0.35) + np.float32(0.65)
    lay(paint, Colour(how.cloth_red * shade.red * seam, how.cloth_green * shade.green * seam, how.cloth_blue * shade.blue * seam), cloth)


def ears(paint: Colour, at: Frame, who: Person, light: Light, tone: Colour, head: Plane) -> None:
    """Laid over `paint`: the ear on the far side only where the head, which covers `head`, does not hide it."""
    right, up, _ = at.axes
    z0 = np.float32(-0.02)
    for side in (-1.0, 1.0):
        x0 = (who.width * (1 + 0.6 * who.cheek) + 0.25 * who.ear_out) * side
        px = x0 * right[0] + z0 * right[2]
        py = x0 * up[0] + who.ear_y * up[1] + z0 * up[2]
        turned = at.sine * side
        wide = 0.045 + 0.45 * who.ear_out + 0.16 * np.maximum(-turned, np.float32(0))
        dx = at.x - px
        dy = at.y - py
        dx -= dy * np.float32(0.12 * side)
        across = dx * (1 / wide)
        # narrower at the lobe
        across *= _ONE + np.maximum(-dy, np.float32(0)) * np.float32(2.0)
        down = dy * (1 / who.ear_size)
        square = across * across
        square += down * down
        cover = inside((_ONE - square) * (0.5 * wide), at.pixel)
        hidden = np.clip(turned * 6 + 0.3, 0, 1)
        cover *= _ONE - head * hidden
        shade = lit(light, across * np.float32(0.4) + np.float32(0.5 * side), down * np.float32(0.2), np.float32(0.75) + 0 * down)
        bowl = across - np.float32(-0.1 * side)
        bowl *= bowl
        bowl += (down - np.float32(0.05)) ** 2
        dark = _ONE - dome(bowl * np.float32(2.6)) * np.float32(0.5)
        dark *= _ONE - ramp(square - np.float32(0.72)) * np.float32(0.6)
        lay(
            paint,
            Colour(shade.red * tone.red * dark, shade.green * (0.88 * tone.green) * dark, shade.blue * (0.86 * tone.blue) * dark),
            cover,
        )


def no_colour(like: Plane) -> Colour:
    """Black, `[B, 1]`."""
    return plain(like, 0.0, 0.0, 0.0)
