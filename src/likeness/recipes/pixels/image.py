"""The generated image as it is shown."""

import torch
from torch import Tensor

from likeness.data.style.style_pictures import StylePictures


def pixels_of(image: Tensor, pictures: StylePictures) -> Tensor:
    """A trained image `[1, 3, H, W]` as uint8 `[3, H, W]`, in the colours that the configuration asks for."""
    finished = pictures.finished(image[0].cpu())
    return (255 * finished).round().to(torch.uint8)
