"""Square windows around faces, turned, larger or smaller and aside at random, all of a batch cut out at once."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from likeness.models.detectors.mtcnn_stages import squared

_SAMPLES = 2
"""Along a side of a pixel: the image is looked up at so many places, and their mean is the pixel."""
_FURTHEST = 2.5
"""Standard deviations up to which a window is turned."""


class TurnedWindows(NamedTuple):
    """W squares: `centres [W, 2]` and `sides [W]` in pixels of the image, and `angles [W]` in radians.

    A positive angle turns the x axis towards the y axis, so clockwise as the image is seen.
    """

    centres: Tensor
    sides: Tensor
    angles: Tensor


def turned_windows(boxes: Tensor, *, turn: float, zoom: float, shift: float) -> TurnedWindows:
    """A window about each of `boxes [W, 4]`, by torch's generator.

    Args:
        boxes: of faces.
        turn: standard deviation of the angle, in degrees.
        zoom: the side is that of the square around the box, times e to a number between -zoom and zoom.
        shift: the centre is at most so far from the box's along x and y, in parts of that square's side.
    """
    squares = squared(boxes)
    sides = squares[:, 2] - squares[:, 0]
    angles = torch.randn_like(sides).clamp(-_FURTHEST, _FURTHEST) * math.radians(turn)
    aside = torch.empty_like(squares[:, :2]).uniform_(-shift, shift) * sides[:, None]
    zooms = torch.empty_like(sides).uniform_(-zoom, zoom).exp()
    return TurnedWindows((squares[:, :2] + squares[:, 2:]) / 2 + aside, sides * zooms, angles)


def crops_of(images: Tensor, windows: TurnedWindows, side: int) -> Tensor:
    """What each window shows of its own image, float32 `[W, 3, side, side]` from 0 to 255, black beyond the border.

    Looked up bilinearly at two places a pixel and axis: without aliasing up to windows of four times `side`.

    Args:
        images: uint8 `[W, 3, H, W']`.
        windows: W.
        side: pixels.
    """
    height, width = images.shape[2:]
    axes = _axes(windows) * windows.sides[:, None, None] / 2
    to_image = torch.cat([axes, windows.centres[:, :, None]], 2)  # from [-1, 1] in the window to pixels
    to_image = to_image * 2 / to_image.new_tensor([width, height])[:, None]
    to_image[:, :, 2] -= 1  # and on to the image's own [-1, 1]
    fine = _SAMPLES * side
    grid = functional.affine_grid(to_image, [len(images), 3, fine, fine], align_corners=False)
    looked_up = functional.grid_sample(images.float(), grid, padding_mode="zeros", align_corners=False)
    return functional.avg_pool2d(looked_up, _SAMPLES)


def points_of(points: Tensor, windows: TurnedWindows) -> Tensor:
    """`points [W, P, 2]` of the images in parts of each window's side, from its left top corner; NaN stays."""
    centred = (points - windows.centres[:, None]) / windows.sides[:, None, None]
    return centred @ _axes(windows) + 0.5  # the axes are orthonormal: their inverse is their transpose


def _axes(windows: TurnedWindows) -> Tensor:
    """The windows' x and y axes as the columns of `[W, 2, 2]`."""
    cos, sin = windows.angles.cos(), windows.angles.sin()
    return torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
