"""Parts of an image: what touches only the eyes is worked out only around the eyes.

A plane is `[B, H * W]`. A window has one size for a block, but its own place in each image; it must be large enough
for what is drawn in it wherever the head turns, since what is outside of it is left alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.draws import Plane


class Window(NamedTuple):
    """`height` x `width` pixels from `top` and `left` `[B]` of planes of `parent` = (H, W) pixels."""

    top: NDArray[np.intp]
    left: NDArray[np.intp]
    height: int
    width: int
    parent: tuple[int, int]

    def cut(self, plane: Plane) -> Plane:
        """A copy of the window's part of a plane, `[B, height * width]`."""
        part: Plane = self._places(plane)[np.arange(len(plane)), self.top, self.left]
        return part.reshape(len(plane), -1)

    def paste(self, plane: Plane, part: Plane) -> None:
        """Put a part `[B, height * width]` back."""
        self._places(plane)[np.arange(len(plane)), self.top, self.left] = part.reshape(
            -1, self.height, self.width
        )

    def _places(self, plane: Plane) -> Plane:
        """All the places that a window can have, as views: `[B, top, left, height, width]`."""
        rows, columns = self.parent
        shape = (len(plane), rows - self.height + 1, columns - self.width + 1, self.height, self.width)
        return np.ndarray(shape, np.float32, plane, 0, (4 * rows * columns, 4 * columns, 4, 4 * columns, 4))


def around(
    row: Plane, column: Plane, half_height: float, half_width: float, parent: tuple[int, int]
) -> Window:
    """The window of this many pixels around (row, column) `[B, 1]`, moved so that it lies inside its parent."""
    height = min(int(2 * half_height) + 3, parent[0])
    width = min(int(2 * half_width) + 3, parent[1])
    top = np.clip(np.floor(row[:, 0] - np.float32(height / 2)), 0, parent[0] - height).astype(np.intp)
    left = np.clip(np.floor(column[:, 0] - np.float32(width / 2)), 0, parent[1] - width).astype(np.intp)
    return Window(top, left, height, width, parent)


def within(outer: Window, inner: Window) -> Window:
    """A window of the whole image, as a window of the part that `outer` cuts out."""
    height, width = min(inner.height, outer.height), min(inner.width, outer.width)
    top = np.clip(inner.top - outer.top, 0, outer.height - height)
    left = np.clip(inner.left - outer.left, 0, outer.width - width)
    return Window(top, left, height, width, (outer.height, outer.width))
