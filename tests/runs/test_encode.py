"""An image and its mirror image, encoded as one."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.recipes.embedding.encode import encode_images

IMAGES = torch.randint(0, 256, (4, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def network(images: Tensor) -> Tensor:
    """It sees left and right."""
    return torch.stack([images[..., :4].mean((1, 2, 3)), images[..., 4:].square().mean((1, 2, 3)) + 0.1], 1)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_mirrored_encoding_keeps_its_length_whatever_that_is(scale: float) -> None:
    def unit(images: Tensor) -> Tensor:
        return scale * functional.normalize(network(images))

    images = IMAGES.float() / 255
    expected = scale * functional.normalize(unit(images) + unit(images.flip(-1)))
    torch.testing.assert_close(encode_images(unit, images, flip=True), expected)
    torch.testing.assert_close(encode_images(unit, images, flip=False), unit(images))


def test_what_knows_no_left_and_right_is_encoded_as_without_the_mirror() -> None:
    def symmetric(images: Tensor) -> Tensor:
        return 7 * network(images + images.flip(-1))

    plain, mirrored = (encode_images(symmetric, IMAGES / 255, flip=flip) for flip in (False, True))
    torch.testing.assert_close(mirrored, plain)
