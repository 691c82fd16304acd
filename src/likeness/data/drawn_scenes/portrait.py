"""Heads and bodies as layers, each with the share of the pixel that it covers: drawn by the parts of `drawn_faces`.

Every part there lays its colour over what is under it, `under * (1 - cover) + colour * cover` in linear light. So a
part that is drawn over black is its colour times its cover, and the same over white is brighter by what it lets
through: a layer that can be laid over anything.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Keys, Plane
from likeness.data.drawn_faces.features import skin_colour
from likeness.data.drawn_faces.geometry import Frame, ellipsoid, ramp, unit
from likeness.data.drawn_faces.glasses import glasses, worn
from likeness.data.drawn_faces.hair import hair_colour, hair_cover, hair_in_light, hair_surface, strands_at
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.light import Light, light_of, lit
from likeness.data.drawn_faces.noise import line
from likeness.data.drawn_faces.paint import Colour, cut, inside, paste, plain
from likeness.data.drawn_faces.render import paint_hair_behind, painted_skin
from likeness.data.drawn_faces.rows import chosen
from likeness.data.drawn_faces.surroundings import ear, ear_window, neck_and_shoulders
from likeness.data.drawn_scenes.cloth import Cloth, pattern
from likeness.data.drawn_scenes.mask import Mask, masks
from likeness.data.drawn_scenes.pose import Patch

_ONE = np.float32(1)
_SHOULDER = np.float32(1.75)
"""Half the breadth of a body, in head units."""


class Sitter(NamedTuple):
    """B people: who, under which conditions, masked or not, how clothed, and the keys of the person and the image."""

    who: Person
    how: Conditions
    mask: Mask
    cloth: Cloth
    person: Keys
    image: Keys


class Layer(NamedTuple):
    """A part of an image: `colour` (linear light times cover), three planes `[B, N]`; what it covers, `[B, N]`."""

    colour: Colour
    cover: Plane


class Head(NamedTuple):
    """What is behind the body (loose hair), what is before it, and the share of each pixel that is face, `[B, N]`.

    The face is that of `pose.face_of`, whatever is worn over it.
    """

    hair: Layer
    head: Layer
    face: Plane


def laid(like: Plane, draw: Callable[[Colour], None]) -> Layer:
    """What `draw` lays over any paint, as a layer of the shape of `like` `[B, N]`."""
    black, white = plain(like, 0, 0, 0), plain(like, 1, 1, 1)
    draw(black)
    draw(white)
    return Layer(black, _ONE - (white.red - black.red))


def over(under: Layer, layer: Layer) -> None:
    """Lay `layer` over `under`, in place."""
    through = _ONE - layer.cover
    for channel, new in zip(under.colour, layer.colour, strict=True):
        channel *= through
        channel += new
    np.multiply(through, _ONE - under.cover, out=through)
    np.subtract(_ONE, through, out=under.cover)


def heads(of: Sitter, at: Patch) -> Head:
    """The heads in their frames."""
    who, how = of.who, of.how
    light, hair = light_of(at, how), hair_colour(who, how)
    strands = strands_at(at.x, at.y, who, how, line(of.image, "strands"))
    behind = laid(at.x, lambda paint: paint_hair_behind(paint, at, who, how, light, hair, strands))
    # above the crown its arch has no width, but there would be a hair's breadth of it
    crown = ramp((who.height + who.hair_volume - at.y) / at.pixel)
    for plane in (*behind.colour, behind.cover):
        plane *= crown
    head, face = _skin(of, at, light, hair)
    over(head, hair_on_skull(at, who, how, light, hair, strands))
    rows = worn(how)
    if len(rows):
        part = chosen(head, rows)
        over(part, glasses_of(of, at, rows))
        for plane, new in zip((*head.colour, head.cover), (*part.colour, part.cover), strict=True):
            plane[rows] = new
    return Head(behind, head, face)


def glasses_of(of: Sitter, at: Patch, rows: NDArray[np.intp]) -> Layer:
    """The glasses of some of the heads."""
    who, how, few = chosen(of.who, rows), chosen(of.how, rows), chosen(at, rows)
    skull = ellipsoid(few, few.x, few.y, who)
    return laid(few.x, lambda paint: glasses(paint, few.x, few.y, few, who, how, skull))


def hair_on_skull(
    at: Patch, who: Person, how: Conditions, light: Light, hair: Colour, strands: Plane
) -> Layer:
    """The hair on the skull, before the head."""
    cap = hair_surface(at, at.x, at.y, who, how)
    cover = hair_cover(at, cap, who, how, strands)
    colour = hair_in_light(cap, hair, light, strands)
    for channel in colour:
        channel *= cover
    return Layer(colour, cover)


def backs_of_heads(of: Sitter, at: Patch) -> Layer:
    """The heads as seen from behind: nothing but hair, and no face."""
    who, how = of.who, of.how
    light = light_of(at, how)
    strands = strands_at(at.x, at.y, who, how, line(of.image, "strands"))
    cap = hair_surface(at, at.x, at.y, who, how)
    colour = lit(light, *unit(*cap.normal), in_head=True)
    for channel, tone in zip(colour, hair_colour(who, how), strict=True):
        channel *= (strands * np.float32(0.34) + np.float32(0.88)) * tone * cap.cover
    return Layer(colour, cap.cover)


def body(of: Sitter, at: Frame, u: Plane, v: Plane) -> Layer:
    """Necks and shoulders, and the trunks below them, at places (u, v) `[B, N]` of the upright plane."""
    light, tone = light_of(at, of.how), skin_colour(of.who, of.how)
    layer = laid(u, lambda paint: neck_and_shoulders(paint, u, v, at, of.who, of.how, light, tone))
    # narrower to the feet; arms hang at the sides, a little darker towards the edge
    edge = _SHOULDER + np.float32(0.04) * v - np.abs(u)
    trunk = inside(edge, at.pixel)
    np.multiply(layer.cover, trunk, out=layer.cover)
    trunk *= ramp(edge * np.float32(2.5)) * np.float32(0.4) + np.float32(0.6)
    trunk *= pattern(of.cloth, u, v)
    for channel in layer.colour:
        channel *= trunk
    return layer


def _skin(of: Sitter, at: Patch, light: Light, hair: Colour) -> tuple[Layer, Plane]:
    """Skull, mask, ears and glasses, without the hair; and the face, unhidden."""
    who, how, none = of.who, of.how, np.zeros_like(of.who.width)
    tone = skin_colour(who, how)
    outer = at.window(none, none - 0.10, none, 1.03, 1.20)
    skull = ellipsoid(at, outer.cut(at.x), outer.cut(at.y), who)
    face, covered = np.zeros_like(at.x), np.zeros_like(at.x)
    outer.paste(face, skull.cover * ((skull.z >= 0) & (skull.y <= who.hairline)).astype(np.float32))
    outer.paste(covered, skull.cover)
    # the relief moves the skull's places, of which the mask lies on the unmoved ones
    moved = skull._replace(x=skull.x.copy(), y=skull.y.copy())
    skin = painted_skin(at, outer, moved, who, how, light, hair, of.person)
    masks(skin, skull, of.mask, who, light, at.pixel)
    paint = plain(at.x, 0, 0, 0)
    paste(outer, paint, Colour(*(channel * skull.cover for channel in skin)))
    layer = Layer(paint, covered.copy())
    for side in (-1.0, 1.0):
        window = ear_window(at, who, side)
        x, y, hidden = window.cut(at.x), window.cut(at.y), window.cut(covered)
        part = Layer(cut(window, layer.colour), window.cut(layer.cover))
        over(part, _ear(x, y, at, who, light, tone, hidden, side))
        paste(window, layer.colour, part.colour)
        window.paste(layer.cover, part.cover)
    return layer, face


def _ear(
    x: Plane, y: Plane, at: Patch, who: Person, light: Light, tone: Colour, hidden: Plane, side: float
) -> Layer:
    return laid(x, lambda paint: ear(paint, x, y, at, who, light, tone, hidden, side))
