"""Brush strokes: each follows a flow, has bristles of their own lightness, and leaves a relief that light falls on."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from likeness.randomness import generator

Floats = NDArray[np.float64]

_ENLARGED = 2  # strokes are drawn at twice the size, since Pillow's lines have hard edges
_POINTS = 13  # on a stroke
_BRISTLES = 7
_COARSE = 8  # the ground under the strokes shows the scene this many times coarser, and darker


class View(NamedTuple):
    """What is seen at places `[N]`: colours `[N, 3]` in [0, 1], the direction of strokes, and their breadth.

    `along` `[2, N]` has length 1; `breadth` `[N]` is a factor. Places are in heights of the image, y down.
    """

    colour: Floats
    along: Floats
    breadth: Floats


Scene = Callable[[Floats, Floats], View]


class Layer(NamedTuple):
    """So many strokes, of a width and a length in heights of the image."""

    strokes: int
    width: float
    length: float


def painted(
    scene: Scene, layers: Sequence[Layer], *, height: int, width: int, seed: int
) -> NDArray[np.uint8]:
    """The scene in strokes, layer upon layer, uint8 RGB `[height, width, 3]`: a pure function of its arguments."""
    size = (_ENLARGED * width, _ENLARGED * height)
    paint, relief = _ground(scene, height, width).resize(size), Image.new("L", size, 96)
    for number, layer in enumerate(layers):
        _lay(paint, relief, scene, layer, generator("painting", seed, number))
    lit = np.asarray(paint, dtype=np.float64) * _light(relief)[..., None]
    large = Image.fromarray(lit.clip(0, 255).astype(np.uint8))
    return np.array(large.resize((width, height), Image.Resampling.LANCZOS))


def _ground(scene: Scene, height: int, width: int) -> Image.Image:
    rows, columns = height // _COARSE, width // _COARSE
    y, x = (np.mgrid[:rows, :columns] + 0.5).reshape(2, -1) / rows
    return Image.fromarray((180 * scene(x, y).colour).astype(np.uint8).reshape(rows, columns, 3))


def _lay(
    paint: Image.Image, relief: Image.Image, scene: Scene, layer: Layer, draw: np.random.Generator
) -> None:
    """Lay one layer of strokes at random places, in place."""
    count, unit = layer.strokes, paint.height
    x = draw.uniform(-0.02, paint.width / unit + 0.02, count)
    y = draw.uniform(-0.02, 1.02, count)
    seen = scene(x, y)
    mixed = seen.colour * (1 + draw.normal(0, 0.1, (count, 1))) + draw.normal(0, 0.04, (count, 3))
    lightness = 1 + draw.normal(0, 0.1, (count, _BRISTLES))
    colours = (255 * (mixed[:, None] * lightness[..., None]).clip(0, 1)).astype(int).tolist()
    heights = draw.uniform(90, 230, (count, _BRISTLES)).astype(int).tolist()
    lifted = (draw.uniform(0, 0.18, (count, _BRISTLES, 2)) * _POINTS).astype(int).tolist()  # ragged ends
    half = layer.width / 2 * seen.breadth * draw.uniform(0.7, 1.25, count)
    path = _path(scene, x, y, layer.length * draw.uniform(0.6, 1.3, count))
    lines = (_bristles(path, half) * unit).round().reshape(count, _BRISTLES, 2 * _POINTS).tolist()
    widths = np.maximum(2, (2.5 * half * unit / (_BRISTLES - 1)).round()).astype(int).tolist()
    on_paint, on_relief = ImageDraw.Draw(paint), ImageDraw.Draw(relief)
    for stroke in range(count):
        for bristle in range(_BRISTLES):
            begun, left = lifted[stroke][bristle]
            line = lines[stroke][bristle][2 * begun : 2 * (_POINTS - left)]
            on_paint.line(line, fill=tuple(colours[stroke][bristle]), width=widths[stroke])
            on_relief.line(line, fill=heights[stroke][bristle], width=widths[stroke])


def _path(scene: Scene, x: Floats, y: Floats, length: Floats) -> Floats:
    """The middle line of each stroke, `[N, points, 2]`: along the flow, to both sides of (x, y)."""
    halves = []
    for direction in (-1, 1):
        at, half = np.stack([x, y]), []
        for _ in range(_POINTS // 2):
            at = at + direction * scene(*at).along * length / (_POINTS - 1)
            half.append(at)
        halves.append(half)
    backwards, forwards = halves
    return np.stack([*reversed(backwards), np.stack([x, y]), *forwards]).transpose(2, 0, 1)


def _bristles(path: Floats, half: Floats) -> Floats:
    """The lines of the bristles, side by side, `[N, bristles, points, 2]`; a stroke is narrower at its ends."""
    tangent = np.gradient(path, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-9
    normal = np.stack([-tangent[..., 1], tangent[..., 0]], axis=2)
    profile = np.sqrt(np.sin(np.linspace(0.25, np.pi - 0.12, _POINTS)))
    aside = np.linspace(-1, 1, _BRISTLES)[None, :, None] * half[:, None, None] * profile
    return path[:, None] + aside[..., None] * normal[:, None]


def _light(relief: Image.Image) -> Floats:
    """How light from the upper left falls on a relief, `[H, W]`, 1 where it is even."""
    heights = np.asarray(relief.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float64) / 255
    down, right = np.gradient(heights)
    return 1 + 1.3 * (-(down + right)).clip(-0.22, 0.28)
