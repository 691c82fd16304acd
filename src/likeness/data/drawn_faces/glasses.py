"""Glasses, worn in about a fifth of the pictures: two rims and a bridge in a plane before the eyes."""

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.paint import Colour, blend, lay, plain, stroke

_PLANE = np.float32(0.92)
_SHARE = np.float32(0.80)


def glasses(paint: Colour, at: Frame, who: Person, how: Conditions, on_head: tuple[Plane, Plane, Plane]) -> None:
    """Laid over `paint`, with arms along the temples, where the skin is at `on_head`."""
    worn = (how.glasses > _SHARE).astype(np.float32)
    if not worn.any():
        return
    right, up, back = at.axes
    # where the ray meets z = _PLANE * depth
    depth = (_PLANE * who.depth - at.x * right[2] - at.y * up[2]) / back[2]
    x = at.x * right[0] + at.y * up[0] + depth * back[0]
    y = at.y * up[1] + depth * back[1]
    fold = np.abs(x)
    wide, high = 0.225 + 0.02 * how.glasses_tone, 0.145 + 0.06 * how.glasses_round
    from_x = (fold - (wide + 0.055)) * (1 / wide)
    from_y = (y - who.eye_y + np.float32(0.01)) * (1 / high)
    from_x *= from_x
    from_y *= from_y
    # from a circle's r^2 to a squarer x^4 + y^4
    round_ = from_x + from_y
    square = from_x * from_x + from_y * from_y
    ring = square + (round_ - square) * how.glasses_round
    slope = np.float32(2.6)
    rim = stroke((np.float32(1) - ring) * (wide / slope), np.full_like(wide, 0.016), at.pixel)
    bridge = stroke(y - who.eye_y - np.float32(0.03), np.full_like(wide, 0.014), at.pixel)
    bridge *= ramp((np.float32(0.065) - fold) * np.float32(40))
    arm = stroke(on_head[1] - who.eye_y - np.float32(0.03), np.full_like(wide, 0.018), at.pixel)
    arm *= ramp((np.abs(on_head[0]) - (2 * wide + 0.02)) * np.float32(25))
    cover = np.maximum(np.maximum(rim, bridge), arm)
    cover *= worn
    lens = ramp((np.float32(1) - ring) * np.float32(6)) * (worn * np.float32(0.10))
    like = wide
    lay(paint, plain(like, 0.55, 0.60, 0.65), lens)
    lay(paint, blend(plain(like, 0.015, 0.013, 0.013), plain(like, 0.30, 0.20, 0.12), how.glasses_tone * how.glasses_tone), cover)
