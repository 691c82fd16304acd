"""Figures without drawing, which takes half of a tiny run, for tests that look at none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image


@contextmanager
def blank_figures() -> Iterator[None]:
    """Figures are saved as small images with nothing on them."""
    draw = Figure.savefig
    blank_figures_from_now_on()
    try:
        yield
    finally:
        Figure.savefig = draw


def blank_figures_from_now_on() -> None:
    """The same until this process ends."""
    Figure.savefig = _saved_blank


def _saved_blank(figure: Figure, path: Path) -> None:
    image = Image.new("RGB", (8, 8))
    image.putpixel((0, 0), (255, 255, 255))  # so that it has a left and a right
    image.save(path)
