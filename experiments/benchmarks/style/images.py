"""The images: a photograph and a painting where the data pack is, else those that the project comes with."""

import torch
from contender import Scene
from networks import SHARED
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.functional import to_pil_image, to_tensor

from likeness.data.style.built_in import PHOTOGRAPHS, photographs
from likeness.data.style.painting import painting

CONTENT, STYLE = (
    SHARED / "data" / "pictures" / name for name in ("content/tuebingen.jpg", "style/starry_night.jpg")
)


def scene(side: int) -> Scene:
    """Squares of `side` pixels; the optimiser begins at the content."""
    if CONTENT.exists():
        content, style = Image.open(CONTENT), Image.open(STYLE)
    else:
        content, style = Image.open(photographs() / PHOTOGRAPHS[0]), to_pil_image(painting())
    squares = (ImageOps.fit(each.convert("RGB"), (side, side)) for each in (content, style))
    content_square, style_square = (to_tensor(each)[None] for each in squares)
    return Scene(content_square, style_square, content_square)


def disturbed(scene: Scene) -> Scene:
    """Begins beside the content, where neither cost has a gradient of 0, and in no flat area: there, rounding alone
    would decide which of equal pixels a maximum passes its gradient to.
    """
    return Scene(scene.content, scene.style, 0.8 * scene.content + 0.2 * _noise(scene))


def noisy(scene: Scene) -> Scene:
    """Begins at noise."""
    return Scene(scene.content, scene.style, _noise(scene))


def _noise(scene: Scene) -> Tensor:
    return torch.rand(scene.content.shape, generator=torch.Generator().manual_seed(0))
