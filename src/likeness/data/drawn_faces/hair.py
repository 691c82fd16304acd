"""Hair: a shell around the skull, cut off by the hairline, and what falls behind the head when it is worn loose."""

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, Surface, dome, shell, unit
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, gloss, lit
from likeness.data.drawn_faces.noise import along
from likeness.data.drawn_faces.paint import Colour, blend, inside, plain

_ONE = np.float32(1)


def hair_colour(who: Person, how: Conditions) -> Colour:
    """Black to blond, `[B, 1]`: a person's own, lighter or darker by the image, and now and then dyed."""
    like = who.width
    tone = np.where(how.hair_dye > 0.88, np.clip(how.hair_dye * 8 - 7, 0, 1), who.hair_tone)
    tone = np.clip(tone + 0.12 * how.hair_shade, 0, 1)
    black, brown, blond = (
        plain(like, 0.018, 0.014, 0.013),
        plain(like, 0.13, 0.065, 0.034),
        plain(like, 0.52, 0.34, 0.16),
    )
    ginger = plain(like, 0.30, 0.10, 0.035)
    brown = blend(brown, ginger, np.clip(who.hair_red * 4 - 3, 0, 1))
    low = blend(black, brown, np.clip(tone * 2, 0, 1))
    return blend(low, blond, np.clip(tone * 2 - 1, 0, 1))


def looseness(who: Person, how: Conditions) -> Plane:
    """0 for hair that is short or tied, towards 1 for long hair worn loose, `[B, 1]`."""
    return np.where(
        (who.hair_length > 0.5) & (how.hair_loose > 0.3), np.minimum(2 * who.hair_length - 0.6, 1), 0
    ).astype(np.float32)


def behind(
    x: Plane, y: Plane, at: Frame, who: Person, how: Conditions, strands: Plane
) -> tuple[Plane, Plane]:
    """The loose hair behind head and neck: how much of each pixel it covers, and how light it is, `[B, N]`."""
    loose = looseness(who, how)
    x = x + np.float32(0.20) * at.sine
    fold = np.abs(x)
    lowest = 0.05 - 1.5 * loose
    wide = who.width + who.hair_volume + how.hair_volume + 0.03 + 0.06 * loose
    # an arch above the ears, wider below, ragged and rounded at the ends
    high = np.maximum(y, np.float32(0)) * (1 / (who.height + who.hair_volume))
    edge = np.sqrt(np.maximum(_ONE - high * high, np.float32(0)))
    edge *= wide
    low = np.maximum(-y, np.float32(0))
    edge += low * (0.16 * who.hair_curl + 0.02) - low * low * np.float32(0.10)
    edge -= fold
    edge += strands * (0.02 + 0.04 * who.hair_curl)
    end = y - lowest
    end -= fold * fold * np.float32(0.25)
    end += strands * np.float32(0.06)
    shade = np.minimum(
        np.maximum(fold * np.float32(1.1) - np.float32(0.25), np.float32(0.25)), np.float32(0.85)
    )
    shade *= strands * np.float32(0.30) + np.float32(0.9)
    return inside(np.minimum(edge, end), np.maximum(at.pixel, np.float32(0.05))), shade


def hair_surface(at: Frame, x: Plane, y: Plane, who: Person, how: Conditions) -> Surface:
    """The surface of the hair on the skull at places (x, y) `[B, N]` of the rolled plane: a shell around the skull."""
    grow = who.hair_volume + how.hair_volume
    wide = who.width * (1 + np.maximum(np.maximum(who.temple, who.cheek), np.float32(0.02)))
    axes = (wide + grow, who.height + grow, who.depth + grow)
    return shell(at, x, y - (0.35 * grow + 0.02), axes)


def hair_in_light(on: Surface, hair: Colour, light: Light, strands: Plane) -> Colour:
    """The colour of the hair on the skull, of its own colour `hair`, in its light; `on` is its `hair_surface`."""
    normal = unit(*on.normal)
    colour, glance = lit(light, *normal, in_head=True), gloss(light, *normal)
    streak = strands * np.float32(0.34)
    streak += np.float32(0.88)
    sheen = strands * np.float32(0.08)
    sheen += np.float32(0.10)
    glance *= sheen
    for channel, tone in zip(colour, hair, strict=True):
        channel *= streak
        channel *= tone
        channel += glance * (tone + np.float32(0.10))
    return colour


def hair_cover(at: Frame, on: Surface, who: Person, how: Conditions, strands: Plane) -> Plane:
    """How much of each pixel the hair on the skull covers, `[B, N]`; `on` is the hair's own surface.

    The hairline is a plane that slopes from the forehead back to the nape, bent by the person's peak and
    recession and by the image's fringe.
    """
    loose = looseness(who, how)
    fold = np.abs(on.x)
    away = on.x - how.parting
    edge = on.y - (who.hairline - 0.86 * who.hair_slope * who.depth)
    edge -= on.z * (1.02 * who.hair_slope)
    centre = fold * np.float32(1 / 0.16)
    edge += dome(np.multiply(centre, centre, out=centre)) * who.hair_peak
    temple = (fold - np.float32(0.36)) * np.float32(1 / 0.24)
    edge -= dome(np.multiply(temple, temple, out=temple)) * who.hair_recession
    # a fringe falls from the parting to one side
    swept = np.maximum(how.fringe, np.float32(0))
    fall = away * np.float32(1 / 0.75)
    edge += dome(np.multiply(fall, fall, out=fall)) * (swept * (0.10 + 0.20 * (how.parting > 0)))
    edge += strands * (0.012 + 0.02 * who.hair_curl + 0.015 * swept)
    # loose hair also hangs before the ears
    side = (0.30 + 0.15 * how.fringe) - on.z
    edge = np.where(loose > 0, np.maximum(edge, np.minimum(side, on.y + np.float32(0.45))), edge)
    return inside(edge, np.maximum(at.pixel, np.float32(0.06))) * on.cover


def strands_at(x: Plane, y: Plane, who: Person, how: Conditions, table: Plane) -> Plane:
    """Noise in [-1, 1] along strands that fall from the parting, `[B, N]`; `table` is a `noise.line`."""
    across = (x - how.parting) * (np.float32(1.25) + np.abs(y) * np.float32(0.35))
    across += y * (who.hair_curl * 0.25)
    across *= np.float32(26)
    return along(table, across)
