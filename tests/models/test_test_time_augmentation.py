"""Encodings of an image in its turns, by which it is measured."""

import numpy as np
import pytest
import torch

from likeness.models.backbone import Backbone
from likeness.models.embedder import Embedder, Views


def pixels(turns: Views) -> Embedder:
    """Encodings that are the images themselves."""
    backbone = Backbone(torch.nn.Flatten(), feature_dim=9, mean=[0.0], std=[1.0])
    return Embedder(backbone, embedding_dim=None, normalize=False, test_time_augmentation=turns)


@pytest.mark.parametrize("turns", [1, 4, 8])
def test_the_turns_are_the_symmetries_of_the_square(turns: Views) -> None:
    images = torch.rand(2, 1, 3, 3)
    found = pixels(turns).encode_views(images)
    assert found.shape == (2, turns * 9)
    for image, row in zip(images[:, 0].numpy(), found.view(2, turns, 3, 3).numpy(), strict=True):
        sides = [image] if turns < 8 else [image, np.fliplr(image)]
        expected = {np.rot90(side, k).tobytes() for side in sides for k in range(4 if turns > 1 else 1)}
        assert {part.tobytes() for part in row} == expected
        assert np.array_equal(row[0], image)
    assert torch.equal(pixels(turns)(images), images.flatten(1))
