"""The sheet: contents down, styles across, and where they meet our image above the plain loop's."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from nine_pairs import CONTENTS, STYLES
from PIL import Image

from likeness.evaluation.figures.style import INK

COLUMN, GAP, LABEL = 2.0, 0.04, 0.2  # inches
TOP = 1.25  # inches: the height of the styles
ROWS = {"ours": "likeness", "plain": "plain loop"}


def draw(images: Path, painted: Path, path: Path) -> None:
    """Writes the sheet to `path`."""
    contents = {name: opened(images / "content" / f"{name}.jpg") for name in CONTENTS}
    styles = {name: opened(images / "style" / f"{name}.jpg") for name in STYLES}
    heights = {name: COLUMN / aspect(image) for name, image in contents.items()}
    lefts = [2 * LABEL + COLUMN + GAP + i * (COLUMN + GAP) for i in range(len(STYLES))]
    width = lefts[-1] + COLUMN + GAP
    height = LABEL + TOP + sum(2 * one + 4 * GAP for one in heights.values()) + GAP
    figure = Figure(figsize=(width, height), dpi=185, facecolor="white")
    for left, (name, image) in zip(lefts, styles.items(), strict=True):
        wide = min(COLUMN, TOP * aspect(image))
        tall = wide / aspect(image)
        axes = placed(figure, image, left + (COLUMN - wide) / 2, LABEL + TOP - tall, wide, tall)
        axes.set_title(name, fontsize=8, color=INK, pad=3)
    down = LABEL + TOP + 3 * GAP
    for name, content in contents.items():
        tall = heights[name]
        axes = placed(figure, content, LABEL, down + (tall + GAP) / 2, COLUMN, tall)
        axes.set_ylabel(name, fontsize=8, color=INK, labelpad=3)
        for kind, said in ROWS.items():
            for left, style in zip(lefts, STYLES, strict=True):
                axes = placed(
                    figure, opened(painted / kind / f"{name}--{style}.png"), left, down, COLUMN, tall
                )
                if left == lefts[0]:
                    axes.set_ylabel(said, fontsize=7, color=INK, labelpad=3)
            down += tall + GAP
        down += 2 * GAP
    figure.savefig(path, pil_kwargs={"quality": 82, "optimize": True})


def opened(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def aspect(image: Image.Image) -> float:
    return image.width / image.height


def placed(figure: Figure, image: Image.Image, left: float, down: float, wide: float, tall: float) -> Axes:
    """Axes that an image fills, whose upper left corner is so many inches from the figure's."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, 1 - (down + tall) / height, wide / width, tall / height))
    axes.imshow(image, aspect="auto", interpolation="antialiased", interpolation_stage="rgba")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return axes
