"""All the results of several contents in several styles on one sheet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from likeness.applications.pairs import GRID, Pair
from likeness.data.image_as_shown import read_image
from likeness.evaluation.figures import style_grid


def write_grid(folder: Path, pairs: Sequence[Pair]) -> None:
    """Draw the grid: contents down, styles across."""
    contents = list(dict.fromkeys(pair.content for pair in pairs))
    styles = list(dict.fromkeys(pair.style for pair in pairs))
    made = {(pair.content, pair.style): pair.output for pair in pairs}
    figure = style_grid(
        {content.stem: _shown(content) for content in contents},
        {style.stem: _shown(style) for style in styles},
        [[_shown(made[content, style]) for style in styles] for content in contents],
    )
    figure.savefig(folder / GRID)


def _shown(path: Path) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = read_image(path).image.permute(1, 2, 0).numpy()
    return pixels
