"""What a generated image is compared with."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

Window = tuple[slice, ...]


class StyleTargets(NamedTuple):
    """The targets of a `StyleObjective`, detached.

    `content`: by layer, the content image's features `[B, C, *spatial]`. For each style image: in `styles`, by
    layer, what the statistic describes; in `weights`, its weight in the blend; in `masks`, by layer, where it counts
    in the generated image, `[B or 1, 1, *spatial]`, and no layer at all if it counts everywhere.
    """

    content: dict[str, Tensor]
    styles: list[dict[str, Tensor]]
    weights: list[float]
    masks: list[dict[str, Tensor]]

    def part(self, windows: Mapping[str, Window]) -> "StyleTargets":
        """The targets of a part of the image, which covers these windows of the layers' maps."""
        masks = [_windowed(mask, windows) for mask in self.masks]
        return self._replace(content=_windowed(self.content, windows), masks=masks)


def _windowed(maps: Mapping[str, Tensor], windows: Mapping[str, Window]) -> dict[str, Tensor]:
    return {layer: each[:, :, *windows[layer]] for layer, each in maps.items()}
