"""Glasses, worn in about a fifth of the images: two rims and a bridge in a plane before the eyes."""

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, Surface, ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.paint import Colour, blend, lay, plain, stroke

_PLANE = np.float32(0.92)
_SHARE = np.float32(0.80)


def glasses(paint: Colour, x: Plane, y: Plane, at: Frame, who: Person, how: Conditions, on: Surface) -> None:
    """Laid over `paint` at (x, y) of the rolled plane, with arms along the temples of the head `on` there."""
    right, up, back = at.axes
    # where the ray meets z = _PLANE * depth
    depth = (_PLANE * who.depth - x * right[2] - y * up[2]) / back[2]
    fold = np.abs(x * right[0] + y * up[0] + depth * back[0])
    level = y * up[1] + depth * back[1] - (who.eye_y - 0.01)
    wide, high = 0.215 + 0.025 * how.glasses_tone, 0.140 + 0.06 * how.glasses_round
    from_x = (fold - (wide + 0.055)) * (1 / wide)
    from_y = level * (1 / high)
    from_x *= from_x
    from_y *= from_y
    # from a circle's r^2 = 1 to a squarer x^4 + y^4 = 1
    square = from_x * from_x + from_y * from_y
    ring = square + (from_x + from_y - square) * how.glasses_round
    inner = np.float32(1) - ring
    half = 0.014 + 0.016 * (1 - how.glasses_tone)
    cover = stroke(inner * (wide * np.float32(0.4)), half, at.pixel)
    bridge = stroke(level - np.float32(0.04), half, at.pixel)
    bridge *= ramp((np.float32(0.065) - fold) * np.float32(40))
    arm = stroke(on.y - who.eye_y - np.float32(0.03), half, at.pixel)
    arm *= ramp((np.abs(on.x) - (2 * wide + 0.02)) * np.float32(25))
    arm *= on.cover
    np.maximum(cover, bridge, out=cover)
    np.maximum(cover, arm, out=cover)
    lens = ramp(inner * np.float32(6))
    lens *= np.float32(0.08)
    lay(paint, plain(wide, 0.55, 0.60, 0.65), lens)
    dark, gold = plain(wide, 0.010, 0.008, 0.008), plain(wide, 0.20, 0.12, 0.06)
    lay(paint, blend(dark, gold, how.glasses_tone * how.glasses_tone), cover)


def worn(how: Conditions) -> NDArray[np.intp]:
    """The rows of a block with glasses."""
    return np.flatnonzero(how.glasses[:, 0] > _SHARE)
