"""One content and the styles that it is painted in: the data of an image whose pixels are trained."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from likeness.data.fingerprint import Files, hash_files
from likeness.data.image_as_shown import SHORTEST_SIDE, FileImage, read_image
from likeness.data.style.batch import StyleBatch
from likeness.data.style.built_in import PAINTING, PHOTOGRAPHS, photographs
from likeness.data.style.color import keep_luminance, luminance_pair, match_color
from likeness.data.style.levels import Level, level_at, levels
from likeness.data.style.masks import read_mask
from likeness.data.style.painting import painting
from likeness.data.style.resize import Size, resized, size_of, with_area, with_longer_side
from likeness.spatial import MAX_PIXELS

Color = Literal["style", "match", "luminance"]


class Source(NamedTuple):
    """An image and where it comes from: `path` is that of its file, None where it is drawn."""

    name: str
    file: FileImage
    path: Path | None

    @property
    def image(self) -> Tensor:
        """Uint8 RGB `[3, H, W]`, as large as it is."""
        return self.file.image

    def fingerprint(self) -> dict[str, str]:
        """The name, without a folder, and a SHA-256: of the file, or of the pixels of what is drawn."""
        if self.path is None:
            return {"name": self.name, "sha256": sha256(self.image.numpy().tobytes()).hexdigest()}
        return {"name": self.name, "sha256": next(hash_files(_files(self.path))).sha256}


class StyleImages:
    """A content, its styles and their masks, at the size of each level; the full images are kept.

    `style_weights` sum to 1, one for each style.
    """

    def __init__(
        self,
        content: Source,
        styles: Sequence[Source],
        masks: Sequence[Source] | None,
        *,
        style_weights: Sequence[float],
        levels: Sequence[Level],
        style_scale: float,
        color: Color,
    ) -> None:
        self.content, self.styles, self.masks = content, list(styles), masks
        self.style_weights = [weight / sum(style_weights) for weight in style_weights]
        self.levels, self.style_scale, self.color = levels, style_scale, color
        self._batches = [self._batch(number) for number in range(len(levels))]

    @property
    def notes(self) -> list[str]:
        """What was converted to read the images, a sentence each."""
        return list(dict.fromkeys(note for source in self._sources() for note in source.file.notes))

    def batch_at(self, step: int) -> StyleBatch:
        """The images of a step, uint8; the same objects at every step of a level."""
        return self._batches[level_at(self.levels, step)]

    def batch(self, level: int) -> StyleBatch:
        """The images of a level, uint8."""
        return self._batches[level]

    def finished(self, generated: Tensor) -> Tensor:
        """A generated image `[3, H, W]` as it is shown, in [0, 1]: luminance alone gets the content's chroma."""
        if self.color == "luminance":
            content = resized(self.content.image, size_of(generated)).to(generated) / 255
            generated = keep_luminance(generated, content)
        return generated.clamp(0, 1)

    def fingerprint(self) -> dict[str, object]:
        """Plain JSON by which the same images are recognised, wherever they lie."""
        return {
            "content": self.content.fingerprint(),
            "styles": [style.fingerprint() for style in self.styles],
            "masks": None if self.masks is None else [mask.fingerprint() for mask in self.masks],
        }

    def files(self) -> list[Files]:
        """The files that the images are read from."""
        return [_files(source.path) for source in self._sources() if source.path is not None]

    def _sources(self) -> list[Source]:
        return [self.content, *self.styles, *(self.masks or ())]

    def _batch(self, number: int) -> StyleBatch:
        level = self.levels[number]
        size = with_longer_side(size_of(self.content.image), level.size)
        content = _at(self.content, size, level)
        area = size.height * size.width * self.style_scale**2
        styles = [_at(style, with_area(size_of(style.image), area), level) for style in self.styles]
        masks = None if self.masks is None else [_mask_at(mask, size, level)[None] for mask in self.masks]
        content, styles = _in_color(self.color, content, styles)
        return StyleBatch(content[None], [style[None] for style in styles], masks, number)


def style_pictures(
    *,
    content: str | None,
    style: str | Sequence[str] | None,
    style_weights: Sequence[float] | None,
    masks: Sequence[str] | None,
    sizes: Sequence[int],
    portions: Sequence[float] | None,
    total_steps: int,
    style_scale: float,
    color: Color,
    max_pixels: int = MAX_PIXELS,
) -> StyleImages:
    """The images of a style transfer, read whole.

    Args:
        content: path of the content; None: a photograph that scikit-learn carries.
        style: path of the style, or of several; None: a painting that the project draws.
        style_weights: a positive number for each style, of any sum; None: all alike.
        masks: paths of images of the content's size, one for each style, white, or opaque in one that is drawn in its
            alpha channel, where that belongs; None: every style everywhere.
        sizes: of the pyramid, see `likeness.data.style.levels.levels`.
        portions: of the pyramid.
        total_steps: of the pyramid.
        style_scale: a style has the area of the content times the square of this.
        color: whose colours the image gets: `style`; `match`: the content's, as the styles are recoloured by its
            statistics; `luminance`: the content's, as luminance alone is transferred.
        max_pixels: as many as an image may have.

    Raises:
        ValueError: an image can't be read, or is too narrow for a size; a mask has another size than the content,
            or is black; the numbers of styles, weights, masks, sizes and portions don't fit.
    """
    paths = [style] if isinstance(style, str) else style
    styles = [_drawn()] if paths is None else [_read(path, max_pixels) for path in paths]
    if not styles:
        raise ValueError("style=[] names no style: give a path, or null for the built-in painting.")
    for values, what in ((style_weights, "style_weights"), (masks, "masks")):
        if values is not None and len(values) != len(styles):
            raise ValueError(
                f"`{what}` has {len(values)} entries for {len(styles)} styles: give one for each."
            )
    weights = [1.0] * len(styles) if style_weights is None else style_weights
    if min(weights) <= 0:
        raise ValueError(f"style_weights={list(weights)} won't do: give positive numbers.")
    shown = _photographed() if content is None else _read(content, max_pixels)
    return StyleImages(
        shown,
        styles,
        None if masks is None else [_mask(path, shown, max_pixels) for path in masks],
        style_weights=weights,
        levels=levels(sizes, portions, total_steps),
        style_scale=style_scale,
        color=color,
    )


def _read(path: str, max_pixels: int) -> Source:
    file = Path(path).expanduser()
    return Source(file.name, read_image(file, max_pixels=max_pixels), file)


def _drawn() -> Source:
    return Source(PAINTING, FileImage(painting(), ()), None)


def _photographed() -> Source:
    """The built-in photograph: a part of a package, whose version is recorded, and no file of the user's."""
    return Source(PHOTOGRAPHS[0], read_image(photographs() / PHOTOGRAPHS[0]), None)


def _mask(path: str, content: Source, max_pixels: int) -> Source:
    file = Path(path).expanduser()
    mask = Source(file.name, read_mask(file, max_pixels=max_pixels), file)
    (height, width), wanted = size_of(mask.image), size_of(content.image)
    if (height, width) != wanted:
        raise ValueError(
            f"The mask {path} is {width} x {height} pixels, but the content {content.name} is {wanted.width} x "
            f"{wanted.height}: give a mask of the content's size."
        )
    return mask


def _at(source: Source, size: Size, level: Level) -> Tensor:
    if min(size) < SHORTEST_SIDE:
        raise ValueError(
            f"At size {level.size} {source.name} would be {size.width} x {size.height} pixels, but needs "
            f"{SHORTEST_SIDE} on its shorter side: leave that size out of `sizes`, or take a less narrow image."
        )
    return resized(source.image, size)


def _mask_at(mask: Source, size: Size, level: Level) -> Tensor:
    """The luma of a mask, `[1, H, W]`."""
    grey = Image.fromarray(mask.image.permute(1, 2, 0).contiguous().numpy()).convert("L")
    small = resized(torch.from_numpy(np.array(grey))[None], size)
    if not small.any():
        raise ValueError(
            f"The mask {mask.name} is black everywhere at size {level.size}: paint white where its style belongs."
        )
    return small


def _in_color(color: Color, content: Tensor, styles: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Content and styles, uint8 `[3, H, W]`, as they are to be looked at for such colours."""
    if color == "style":
        return content, list(styles)
    looked_at = content.float() / 255
    if color == "match":
        return content, [_bytes(match_color(style.float() / 255, looked_at)) for style in styles]
    pairs = [luminance_pair(style.float() / 255, looked_at) for style in styles]
    return _bytes(pairs[0][1]), [_bytes(style) for style, _ in pairs]


def _bytes(image: Tensor) -> Tensor:
    return (255 * image).round().clamp(0, 255).to(torch.uint8)


def _files(path: Path) -> Files:
    return Files(path.parent, [path.name])
