"""One lamp and the sky: `colour * (ambient (1 + n_y / 4) + key max(0, wrapped n . l))`, in linear light."""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame
from likeness.data.drawn_faces.paint import Colour, blend, plain

_ONE = np.float32(1)
_WRAP = np.float32(0.18)


class Light(NamedTuple):
    """Directions are unit vectors `[B, 1]` towards the lamp, in the camera's frame and in the head's."""

    camera: tuple[Plane, Plane, Plane]
    head: tuple[Plane, Plane, Plane]
    half: tuple[Plane, Plane, Plane]
    """Half way between the lamp and the camera, in the head's frame: where gloss is."""
    key: Colour
    ambient: Colour


def light_of(at: Frame, how: Conditions) -> Light:
    """The light of each image."""
    like = how.light_x
    x, y, z = _unit(how.light_x, how.light_y, np.full_like(like, 0.75))
    right, up, back = at.axes
    warm, cool = plain(like, 1.16, 0.98, 0.74), plain(like, 0.86, 1.0, 1.16)
    key = blend(cool, warm, 0.5 + 0.5 * how.warmth)
    sky = blend(cool, warm, 0.5 + 0.5 * how.fill_warmth)
    return Light(
        (x, y, z),
        _turned((x, y, z), right, up, back),
        _turned(_unit(x, y, z + 1), right, up, back),
        Colour(*(channel * how.key_light for channel in key)),
        Colour(*(channel * how.ambient for channel in sky)),
    )


def lit(
    light: Light, x: Plane, y: Plane, z: Plane, *, in_head: bool = False, dim: Plane | None = None
) -> Colour:
    """The light on a surface of unit normal (x, y, z), in the camera's frame or the head's; `dim` shades the lamp."""
    lamp = light.head if in_head else light.camera
    direct = x * lamp[0]
    direct += y * lamp[1]
    direct = direct + z * lamp[2]
    direct += _WRAP
    direct *= _ONE / (_ONE + _WRAP)
    np.maximum(direct, np.float32(0), out=direct)
    if dim is not None:
        direct *= dim
    sky = y * np.float32(0.28)
    sky += np.float32(0.92)
    colour = Colour(*(direct * key for key in light.key))
    for channel, ambient in zip(colour, light.ambient, strict=True):
        channel += sky * ambient
    return colour


def gloss(light: Light, x: Plane, y: Plane, z: Plane) -> Plane:
    """`(n . h)^16`, Blinn's highlight, with n in the head's frame."""
    glance = x * light.half[0]
    glance += y * light.half[1]
    glance += z * light.half[2]
    np.maximum(glance, np.float32(0), out=glance)
    for _ in range(4):
        glance *= glance
    return glance


def _unit(x: Plane, y: Plane, z: Plane) -> tuple[Plane, Plane, Plane]:
    length = np.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length


def _turned(
    camera: tuple[Plane, Plane, Plane],
    right: tuple[Plane, ...],
    up: tuple[Plane, ...],
    back: tuple[Plane, ...],
) -> tuple[Plane, Plane, Plane]:
    x, y, z = camera
    first, second, third = (x * right[k] + y * up[k] + z * back[k] for k in range(3))
    return first, second, third
