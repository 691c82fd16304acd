"""The images that are there without any file of the user's: two photographs, and a painting."""

from importlib.resources import files
from pathlib import Path

PHOTOGRAPHS = ("china.jpg", "flower.jpg")
"""Photographs that scikit-learn carries (CC BY 2.0, see its `datasets/images/README.txt`)."""

PAINTING = "evening"
"""What the painting is called that `likeness.data.style.painting` draws."""


def photographs() -> Path:
    """The folder of `PHOTOGRAPHS`."""
    return Path(str(files("sklearn.datasets.images")))
