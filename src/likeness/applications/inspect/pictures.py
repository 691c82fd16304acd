"""Pictures of inputs of any rank: images as they are, signals as curves, volumes as three slices."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from likeness.inspection.fields import Box, whole

Values = NDArray[np.float32]
"""`[C, *spatial]`, in [0, 1]."""

Picture = NDArray[np.uint8]
"""`[height, width, 3]`."""

PAPER, LINE, ACCENT, FAINT = (255, 255, 255), (217, 222, 227), (213, 94, 0), (150, 158, 166)
INKS = ((0, 114, 178), (0, 158, 115), (204, 121, 167))
OVER = 3  # curves are drawn so many times larger


def of_whole(values: Values, box: Box, side: int) -> Picture:
    """An input with the outline of a box."""
    return _WHOLE[values.ndim - 1](values, box, side)


def of_part(values: Values, box: Box, side: int) -> Picture:
    """What a box shows of an input."""
    return _PART[values.ndim - 1](values[:, *box], side)


def of_heat(values: Values, heat: NDArray[np.float64], side: int) -> Picture:
    """An input under how strongly each of its positions acts."""
    blurred = gaussian_filter(heat, [length / 40 for length in heat.shape])
    scaled = (blurred / max(float(np.quantile(blurred, 0.995)), 1e-30)).clip(0, 1).astype(np.float32)
    return _HEAT[values.ndim - 1](values, scaled, side)


def grid(cells: Sequence[Picture], columns: int, gap: int = 3) -> Picture:
    """Pictures of one size side by side, row after row."""
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for place, cell in enumerate(cells):
        top, left = (place // columns) * (height + gap), (place % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = cell
    return sheet


def beside(pictures: Sequence[Picture], gap: int = 12) -> Picture:
    """Pictures from left to right."""
    height = max(len(picture) for picture in pictures)
    parts = []
    for picture in pictures:
        below = np.full((height - len(picture), picture.shape[1], 3), 255, np.uint8)
        parts += [np.concatenate([picture, below]), np.full((height, gap, 3), 255, np.uint8)]
    return np.concatenate(parts[:-1], axis=1)


def _colours(values: Values) -> NDArray[np.float32]:
    """`[H, W, 3]` of `[C, H, W]`: three channels are red, green and blue, and of others the mean is grey."""
    shown = values if len(values) == 3 else values.mean(0, keepdims=True).repeat(3, 0)
    moved: NDArray[np.float32] = np.moveaxis(shown, 0, -1)
    return moved


def _framed(colours: NDArray[np.float32], side: int) -> Picture:
    """Colours in the middle of a square."""
    height, width = colours.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.NEAREST if scale > 2.5 else Image.Resampling.LANCZOS
    resized = Image.fromarray((colours.clip(0, 1) * 255).round().astype(np.uint8)).resize(size, how)
    frame = Image.new("RGB", (side, side), PAPER)
    frame.paste(resized, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(frame)


def _outlined(picture: Picture, shape: Sequence[int], box: Box) -> Picture:
    """A framed picture of values `[H, W]` with the outline of a box of theirs."""
    side = len(picture)
    scale = side / max(shape)
    frame = Image.fromarray(picture)
    left, top = ((side - round(length * scale)) // 2 for length in (shape[1], shape[0]))
    (down, across) = box
    corners = (
        left + round(across.start * scale) - 1,
        top + round(down.start * scale) - 1,
        left + round(across.stop * scale),
        top + round(down.stop * scale),
    )
    inside = tuple(min(max(corner, 0), side - 1) for corner in corners)
    if inside[2] - inside[0] < 4 or inside[3] - inside[1] < 4:  # a dot would not be seen
        middle = ((inside[0] + inside[2]) // 2, (inside[1] + inside[3]) // 2)
        inside = (middle[0] - 2, middle[1] - 2, middle[0] + 2, middle[1] + 2)
    ImageDraw.Draw(frame).rectangle(inside, outline=ACCENT, width=2 if side > 60 else 1)
    return np.asarray(frame)


def _image(values: Values, box: Box, side: int) -> Picture:
    return _outlined(_framed(_colours(values), side), values.shape[1:], box)


def _image_part(part: Values, side: int) -> Picture:
    return _framed(_colours(part), side)


def _image_heat(values: Values, heat: NDArray[np.float32], side: int) -> Picture:
    grey = np.repeat(_colours(values).mean(-1, keepdims=True), 3, -1) * 0.75 + 0.25
    warm = np.array(ACCENT, np.float32) / 255
    return _framed((grey * (1 - heat[..., None]) + warm * heat[..., None]).astype(np.float32), side)


def _curves(values: Values, side: int, lit: slice, ground: NDArray[np.float32] | None = None) -> Picture:
    """A signal's channels as curves, in colour where `lit` and grey elsewhere, before a ground of [0, 1]."""
    width, height = 2 * side * OVER, side * OVER
    frame = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(frame)
    length = values.shape[1]
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * height

    def at(place: float, value: float) -> tuple[float, float]:
        level = (value - low) / max(high - low, 1e-9)
        return (place + 0.5) / length * width, height - margin - level * (height - 2 * margin)

    if ground is not None:
        for column in range(width):
            share = float(ground[min(length - 1, column * length // width)])
            colour = tuple(round(255 + (warm - 255) * share * 0.7) for warm in ACCENT)
            draw.line([(column, 0), (column, height)], fill=colour)
    for channel, ink in zip(values, INKS * len(values), strict=False):
        for start, stop, colour in ((0, length, FAINT), (lit.start, lit.stop, ink)):
            points = [at(place, channel[place]) for place in range(start, stop)]
            if len(points) > 1:
                draw.line(points, fill=colour, width=OVER + (2 if colour is ink else 0), joint="curve")
    edge = ImageDraw.Draw(frame)
    edge.rectangle((0, 0, width - 1, height - 1), outline=LINE, width=OVER)
    return np.asarray(frame.resize((2 * side, side), Image.Resampling.LANCZOS))


def _signal(values: Values, box: Box, side: int) -> Picture:
    return _curves(values, side, box[0])


def _signal_part(part: Values, side: int) -> Picture:
    return _curves(part, side, slice(0, part.shape[1]))


def _signal_heat(values: Values, heat: NDArray[np.float32], side: int) -> Picture:
    return _curves(values, side, slice(0, values.shape[1]), heat)


def _slices(values: Values, at: Sequence[int]) -> list[Values]:
    """The three slices of `[C, D, H, W]` through a place."""
    return [np.take(values, place, axis) for axis, place in enumerate(at, start=1)]


def _volume(values: Values, box: Box, side: int) -> Picture:
    middle = [(one.start + one.stop) // 2 for one in box]
    shown = []
    for axis, piece in enumerate(_slices(values, middle)):
        across = [one for other, one in enumerate(box) if other != axis]
        shown.append(_outlined(_framed(_colours(piece), side), piece.shape[1:], (across[0], across[1])))
    return beside(shown, gap=1)


def _volume_part(part: Values, side: int) -> Picture:
    pieces = _slices(part, [length // 2 for length in part.shape[1:]])
    return beside([_framed(_colours(piece), side) for piece in pieces], gap=1)


def _volume_heat(values: Values, heat: NDArray[np.float32], side: int) -> Picture:
    middle = [int(place) for place in np.unravel_index(int(heat.argmax()), heat.shape)]
    heats = _slices(heat[None], middle)
    pieces = zip(_slices(values, middle), heats, strict=True)
    return beside([_image_heat(piece, warm[0], side) for piece, warm in pieces], gap=1)


_WHOLE: dict[int, Callable[[Values, Box, int], Picture]] = {1: _signal, 2: _image, 3: _volume}
_PART: dict[int, Callable[[Values, int], Picture]] = {1: _signal_part, 2: _image_part, 3: _volume_part}
_HEAT: dict[int, Callable[[Values, NDArray[np.float32], int], Picture]] = {
    1: _signal_heat,
    2: _image_heat,
    3: _volume_heat,
}
SIDES = {1: 48, 2: 72, 3: 44}
"""The side of a picture in a grid, by rank."""


def all_of(values: Values) -> Box:
    """The box of a whole input."""
    return whole(values.shape[1:])
