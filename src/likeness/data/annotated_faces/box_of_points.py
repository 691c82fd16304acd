"""Where a face is whose five points are known, for landmarks that come without boxes."""

import math
from collections.abc import Sequence

_HALF_WIDTH, _HALF_HEIGHT, _RISE = 0.87, 1.0, 0.10
"""Of the face's scale, which is the root of the sum of two squares: eyes to eyes, and eyes to mouth.

The last is by how much the face's middle lies above that of eyes and mouth.
"""

_TURN = 1.6
"""How much further than the nose, against the eyes and the mouth, the face's middle moves the other way in a turn.

It is 2.1 in `drawn_scenes`; the noses of photographs stand out further.
"""


def box_of_points(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """A box x1, y1, x2, y2 around a face of five points (`likeness.data.faces.Faces`), from the hairline to the chin.

    It is that of an ellipse, upright by the eyes and the mouth, of the mean proportions of the faces of
    `drawn_scenes`: an estimate, of a median overlap of about 0.8 with the boxes there.
    """
    (left_x, left_y), (right_x, right_y), (nose_x, nose_y), (first_x, first_y), (second_x, second_y) = points
    eyes = ((left_x + right_x) / 2, (left_y + right_y) / 2)
    mouth = ((first_x + second_x) / 2, (first_y + second_y) / 2)
    down_x, down_y = mouth[0] - eyes[0], mouth[1] - eyes[1]
    length = math.hypot(down_x, down_y)
    scale = math.hypot(length, right_x - left_x, right_y - left_y)
    down_x, down_y = (down_x / length, down_y / length) if length > 0 else (0.0, 1.0)
    x, y = (eyes[0] + mouth[0]) / 2, (eyes[1] + mouth[1]) / 2
    aside = -_TURN * ((nose_x - x) * down_y - (nose_y - y) * down_x)
    x += aside * down_y - _RISE * scale * down_x
    y -= aside * down_x + _RISE * scale * down_y
    wide = scale * math.hypot(_HALF_WIDTH * down_y, _HALF_HEIGHT * down_x)
    high = scale * math.hypot(_HALF_HEIGHT * down_y, _HALF_WIDTH * down_x)
    return x - wide, y - high, x + wide, y + high
