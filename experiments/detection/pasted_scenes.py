"""Faces pasted into drawn surroundings: aligned crops, turned, scaled and put somewhere, by a seed."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from likeness.data.alignment import SIDE, TEMPLATE
from likeness.data.drawn_scenes.backdrop import backdrop
from likeness.data.drawn_scenes.canvas import developed
from likeness.data.drawn_scenes.things import clutter
from likeness.randomness import generator


class Pasting(NamedTuple):
    """How crops are pasted.

    `scales`: least and greatest pixels of the scene for one of the crop's; `turn`: degrees to either side; `border`: in
    pixels of the crop, how far its edge goes on beyond it and fades into the surroundings; `side`: of the scene, in
    pixels.
    """

    scales: tuple[float, float] = (1.0, 1.8)
    turn: float = 30.0
    border: float = 8.0
    side: int = 320


class PastedScene(NamedTuple):
    """A scene, uint8 `[3, side, side]`, and where the template's five points are in it, float32 `[5, 2]`."""

    image: Tensor
    points: Tensor


def pasted(crop: Tensor, how: Pasting, seed: int, number: int) -> PastedScene:
    """The scene of that number with `crop`, uint8 `[3, 112, 112]`, wholly inside: a pure function of the arguments."""
    draw = generator("pasted scene", seed, number)
    low, high = how.scales
    turn = low * (high / low) ** draw.random() * np.exp(1j * math.radians(how.turn * draw.uniform(-1, 1)))
    reach = SIDE / 2 * (abs(turn.real) + abs(turn.imag))
    middle = complex(*draw.uniform(reach, how.side - reach, size=2))
    around = _surroundings(draw, how.side)
    centres = np.arange(how.side) + 0.5
    in_crop = ((centres[None, :] + 1j * centres[:, None]) - middle) / turn + complex(SIDE / 2, SIDE / 2)
    x, y = (torch.from_numpy(part.astype(np.float32)) for part in (in_crop.real, in_crop.imag))
    grid = torch.stack([x, y], 2)[None] * (2 / SIDE) - 1
    face = functional.grid_sample(
        crop[None].float(), grid, mode="bicubic", padding_mode="border", align_corners=False
    )
    outside = torch.maximum((x - SIDE / 2).abs(), (y - SIDE / 2).abs()) - SIDE / 2
    cover = (1 - outside / how.border).clamp(0, 1) if how.border else (outside < 0).float()
    image = around + cover * (face[0] - around)
    points = (TEMPLATE @ [1, 1j] - complex(SIDE / 2, SIDE / 2)) * turn + middle
    return PastedScene(
        image.round().clamp(0, 255).to(torch.uint8),
        torch.from_numpy(np.stack([points.real, points.imag], 1).astype(np.float32)),
    )


def _surroundings(draw: np.random.Generator, side: int) -> Tensor:
    """Drawn ones without a face, float32 `[3, side, side]` from 0 to 255."""
    paint = backdrop(draw, side, side)
    clutter(draw, paint)
    exposure, tint = draw.uniform(0.6, 1.3), draw.uniform(-1, 1)
    return torch.from_numpy(developed(paint, draw, exposure, tint, grain=0.01, colour=1.0)).float()
