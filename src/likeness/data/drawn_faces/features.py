"""What is painted on the skin, in the head's coordinates: eyes, brows, lips, folds, marks, beard."""

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.paint import Colour, blend, inside, lay, plain, scale, spot, stroke
from likeness.data.drawn_faces.relief import Face, Parts
from likeness.data.drawn_faces.windows import Window

_ONE = np.float32(1)


def skin_colour(who: Person, how: Conditions) -> Colour:
    """A person's mean skin, `[B, 1]`: it varies little, and a tan as much."""
    like = who.width
    pale, brown = plain(like, 0.74, 0.47, 0.35), plain(like, 0.40, 0.215, 0.135)
    tone = blend(pale, brown, np.clip(0.85 * who.skin_tone + 0.20 * how.tan - 0.05, 0, 1))
    return Colour(
        tone.red, tone.green * (1.04 - 0.10 * who.skin_red), tone.blue * (1.04 - 0.10 * who.skin_red)
    )


def skin_light(on: Face, who: Person, how: Conditions, grain: Plane, parts: Parts) -> Plane:
    """The relative lightness of the bare skin, `[B, N]`: mottled, freckled, dark in folds, nostrils and moles."""
    smile = np.maximum(how.smile, np.float32(0))
    none = np.zeros_like(who.width)
    light = grain * (who.mottle + np.float32(0.03))
    light += _ONE
    # in the shadow of the hair
    under = ramp((who.hairline + np.float32(0.22) - on.y) * np.float32(3.5))
    under *= np.float32(0.4)
    under += np.float32(0.6)
    light *= under

    part, fold, y = parts.nose.cut(light), np.abs(parts.nose.cut(on.x)), parts.nose.cut(on.y)
    part -= spot(fold, y, who.nose_width + 0.015, who.nose_y + 0.05, none + 0.035, none + 0.09) * np.float32(
        0.30
    )
    part -= spot(fold, y, none, who.nose_y - 0.055, 0.9 * who.nose_width, none + 0.05) * np.float32(0.30)
    part -= spot(fold, y, 0.5 * who.nose_width, who.nose_y - 0.022, none + 0.045, none + 0.035) * who.nostrils
    parts.nose.paste(light, part)

    part, fold, y = parts.mouth.cut(light), np.abs(parts.mouth.cut(on.x)), parts.mouth.cut(on.y)
    # the fold from the wing of the nose to the corner of the mouth, and the shadow under the lower lip
    down = who.nose_y + np.float32(0.05) - y
    crease = stroke(fold - (who.nose_width + 0.03) - down * np.float32(0.45), none + 0.03, none + 0.05)
    crease *= ramp(down * np.float32(6)) * ramp((none + 0.42 - down) * np.float32(6))
    crease *= 0.3 * who.folds + 0.28 * smile * (0.3 + who.folds)
    part -= crease
    below = who.mouth_y - 1.2 * who.lip_lower - 0.10 * np.maximum(how.mouth_open, np.float32(0)) - 0.04
    part -= spot(fold, y, none, below, 0.75 * who.mouth_width, none + 0.06) * np.float32(0.28)
    part -= spot(fold, y, none, 0.42 * who.mouth_y - 0.56 * who.height, none + 0.03, none + 0.10) * (
        0.6 * who.chin_cleft
    )
    parts.mouth.paste(light, part)

    part, fold, y = parts.eyes.cut(light), np.abs(parts.eyes.cut(on.x)), parts.eyes.cut(on.y)
    part -= spot(fold, y, who.eye_x, who.eye_y - 0.13, none + 0.17, none + 0.06) * (0.5 * who.bags)
    parts.eyes.paste(light, part)
    return light


def mole(light: Plane, on: Face, where: Window, x0: Plane, y0: Plane, size: Plane) -> None:
    """Darken the skin at one mark; a `size` below 0 is no mark."""
    there = np.maximum(size, np.float32(0))
    part = where.cut(light)
    dark = spot(where.cut(on.x), where.cut(on.y), x0, y0, there + 0.02, there + 0.02)
    dark *= np.minimum(there * 25, np.float32(0.8))
    part -= dark
    where.paste(light, part)


def skin(light: Plane, on: Face, who: Person, how: Conditions, grain: Plane) -> Colour:
    """The skin's colour: where it is dark it is redder; cheeks and nose blush, and have the freckles."""
    base = skin_colour(who, how)
    none = np.zeros_like(who.width)
    blush = spot(np.abs(on.x), on.y, none + 0.32, who.cheekbone_y + 0.02, none + 0.42, none + 0.34)
    freckled = ramp(grain * np.float32(3) - np.float32(0.9))
    freckled *= blush
    freckled *= 0.55 * who.freckles
    light -= freckled
    np.maximum(light, np.float32(0.08), out=light)
    blush *= -0.10 - 0.14 * who.skin_red
    blush += _ONE
    blush *= light
    return Colour(light * base.red, blush * base.green, blush * base.blue)


def lips(paint: Colour, x: Plane, y: Plane, who: Person, how: Conditions, pixel: Plane) -> None:
    """The mouth, laid over `paint`, at the places (x, y) of its window."""
    fold = np.abs(x)
    smile, gape = how.smile, np.maximum(how.mouth_open, np.float32(0))
    wide = who.mouth_width * (1 + 0.20 * smile)
    across = fold * (1 / wide)
    along = across * across
    arch = np.maximum(_ONE - along, np.float32(0))
    middle = along * (0.10 * smile + 0.012)
    middle += who.mouth_y - 0.03 * smile
    gap = arch * (0.15 * gape + 0.004)
    top = middle + gap * np.float32(0.35)
    bottom = middle - gap * np.float32(0.65)
    bow = np.abs(across - np.float32(0.28))
    upper = arch * (who.lip_upper * (1 - 0.2 * np.maximum(smile, np.float32(0))))
    upper *= (1 + 0.6 * who.lip_bow) - bow * (2.0 * who.lip_bow)
    lower = np.sqrt(arch) * who.lip_lower
    lower *= arch * np.float32(0.5) + np.float32(0.5)
    edge_top, edge_bottom = top + upper, bottom - lower
    cover = inside(np.minimum(edge_top - y, y - edge_bottom), pixel)
    cover *= ramp(arch * np.float32(8))
    red = skin_colour(who, how)
    tint = 0.35 + 0.5 * who.lip_red
    ripe = Colour(red.red * (1.0 - 0.22 * tint), red.green * (1 - 0.62 * tint), red.blue * (1 - 0.50 * tint))
    # the upper lip faces down and is darker; the lower one catches the light in its middle
    shade = ramp((middle - y) * np.float32(18) + np.float32(0.5))
    shine = spot(
        fold,
        y,
        np.zeros_like(wide),
        who.mouth_y - 0.5 * who.lip_lower - 0.08 * gape,
        0.6 * wide,
        0.8 * who.lip_lower,
    )
    shade *= np.float32(0.28)
    shade += shine * np.float32(0.22) + np.float32(0.74)
    lay(paint, Colour(ripe.red * shade, ripe.green * shade, ripe.blue * shade), cover)
    hole = np.minimum(top - y, y - bottom)
    opened = inside(hole, pixel)
    opened *= ramp(arch * np.float32(4))
    teeth = inside(y - top + (0.01 + 0.062 * arch), pixel) * ramp(hole * np.float32(40) - np.float32(0.2))
    lay(paint, plain(wide, 0.07, 0.018, 0.016), opened)
    teeth *= opened
    teeth *= ramp(np.float32(1.5) - along * np.float32(1.2))
    lay(paint, plain(wide, 0.74, 0.70, 0.62), teeth)
    corner = spot(
        fold,
        y,
        wide,
        who.mouth_y + 0.055 * smile - 0.01,
        np.zeros_like(wide) + 0.05,
        np.zeros_like(wide) + 0.04,
    )
    corner *= np.float32(0.45)
    lay(paint, plain(wide, 0.10, 0.04, 0.03), corner)


def eyes(paint: Colour, x: Plane, y: Plane, who: Person, how: Conditions, pixel: Plane) -> Plane:
    """The eyes, laid over `paint` at the places (x, y) of their window.

    Returns where they are, `[B, N]`: they are smooth, whatever the relief under them.
    """
    fold, side = np.abs(x), np.copysign(_ONE, x)
    away = fold - who.eye_x
    t = away * (1 / who.eye_width)
    level = y - who.eye_y
    level -= away * who.eye_tilt
    arch = np.maximum(_ONE - t * t, np.float32(0))
    narrowed = how.eye_open * (1 - 0.22 * np.maximum(how.smile, np.float32(0)))
    lid = arch * (who.eye_height * narrowed)
    lid *= t * who.eye_skew + _ONE
    below = arch * (-0.62 * who.eye_height)
    below *= _ONE - t * (0.5 * who.eye_skew)
    cover = inside(np.minimum(lid - level, level - below), pixel)
    cover *= ramp(arch * np.float32(5))
    shade = ramp((lid - level) * np.float32(14) + np.float32(0.25))
    shade *= np.float32(0.55)
    shade += np.float32(0.45)
    shade *= arch * np.float32(0.25) + np.float32(0.75)
    white = Colour(shade * np.float32(0.78), shade * np.float32(0.74), shade * np.float32(0.71))
    from_x = away - side * how.gaze_x
    from_y = level - how.gaze_y - np.float32(0.006)
    radius = np.sqrt(from_x * from_x + from_y * from_y)
    iris = inside(who.iris - radius, pixel)
    tone, hue = who.iris_tone, who.iris_hue
    brown = plain(tone, 0.11, 0.045, 0.016)
    light = blend(plain(tone, 0.12, 0.22, 0.36), plain(tone, 0.17, 0.21, 0.09), hue)
    colour = blend(brown, light, np.clip(2.2 * tone - 0.8, 0, 1))
    ring = ramp((who.iris - radius) * np.float32(30) + np.float32(0.2)) * np.float32(0.75) + np.float32(0.25)
    ring *= shade
    lay(white, Colour(ring * colour.red, ring * colour.green, ring * colour.blue), iris)
    lay(white, plain(tone, 0.008, 0.007, 0.007), inside(0.42 * who.iris - radius, pixel))
    # the catch-light, on the side of the light in both eyes
    glint_x = away * side - how.gaze_x - 0.028 * how.light_x
    glint = inside(np.float32(0.020) - np.abs(glint_x) - np.abs(from_y - np.float32(0.028)), pixel)
    lay(white, plain(tone, 1.3, 1.3, 1.3), glint)
    # lashes along the upper lid, a thin line below, the crease above
    line = level - lid
    thick = np.float32(0.012) + np.float32(0.010) * who.lashes
    lash = stroke(line - np.float32(0.006), thick, pixel) * ramp((t + np.float32(1.25)) * np.float32(1.6))
    lash *= ramp((np.float32(1.12) - np.abs(t)) * np.float32(8))
    crease = (
        stroke(line - who.crease, np.full_like(tone, 0.012), np.maximum(pixel, np.float32(0.03)))
        * who.crease_depth
    )
    crease *= ramp((np.float32(1.25) - np.abs(t)) * np.float32(4))
    under = stroke(level - below + np.float32(0.006), np.full_like(tone, 0.008), pixel) * np.float32(0.45)
    under *= ramp((np.float32(1.0) - np.abs(t)) * np.float32(4))
    lay(paint, plain(tone, 0.05, 0.025, 0.02), np.maximum(crease, under))
    lay(paint, white, cover)
    lash *= who.lashes
    lay(paint, plain(tone, 0.02, 0.012, 0.01), lash)
    return cover


def brows(
    paint: Colour,
    x: Plane,
    y: Plane,
    who: Person,
    how: Conditions,
    hair: Colour,
    strands: Plane,
    pixel: Plane,
) -> None:
    """The brows, laid over `paint` at the places (x, y) of the eyes' window, in a darker shade of the hair."""
    away = np.abs(x) - (who.eye_x + who.brow_inset)
    t = away * (1 / who.brow_length)
    level = y - (who.eye_y + who.brow_gap + how.brow_raise)
    level -= away * who.brow_tilt
    square = t * t
    level -= (_ONE - square) * who.brow_arch
    # thick at the inner end, thin at the outer
    half = (np.float32(0.8) - t * np.float32(0.35)) * who.brow_thickness
    half *= np.sqrt(np.maximum(_ONE - square * square, np.float32(0)))
    cover = inside(half - np.abs(level), np.maximum(pixel, 0.7 * who.brow_thickness))
    cover *= ramp((_ONE - np.abs(t)) * np.float32(6))
    cover *= who.brow_darkness
    cover *= strands * np.float32(0.25) + np.float32(0.85)
    dark = blend(scale(hair, 0.5), plain(who.width, 0.035, 0.02, 0.013), 0.6)
    lay(paint, dark, cover)


def beard(paint: Colour, on: Face, who: Person, how: Conditions, hair: Colour, grain: Plane) -> None:
    """From a shadow to a short beard around the mouth, the chin and the jaw, for about a third of the people."""
    fold = np.abs(on.x)
    tendency = np.clip(who.beard * 3.2 - 2.0, 0, 1)
    jaw = ramp(
        (who.nose_y - np.float32(0.13) - on.y) * np.float32(7) + (fold - np.float32(0.45)) * np.float32(2.5)
    )
    lip = spot(
        fold,
        on.y,
        np.zeros_like(who.width),
        who.mouth_y,
        1.25 * who.mouth_width,
        np.full_like(who.width, 0.16),
    )
    jaw *= _ONE - lip
    moustache = spot(
        fold,
        on.y,
        np.zeros_like(who.width),
        0.45 * who.nose_y + 0.55 * who.mouth_y,
        who.mouth_width,
        np.full_like(who.width, 0.10),
    )
    cover = np.maximum(jaw, moustache)
    cover *= grain * np.float32(0.2) + np.float32(0.9)
    cover *= tendency * (0.15 + 0.65 * how.stubble)
    lay(paint, blend(scale(hair, 0.6), plain(who.width, 0.05, 0.035, 0.03), 0.5), cover)


def bearded(who: Person) -> NDArray[np.intp]:
    """The rows of a block with a beard."""
    return np.flatnonzero(who.beard[:, 0] > 0.625)
