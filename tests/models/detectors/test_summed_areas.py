"""Means by the summed-area table against `interpolate` and a padded crop."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.models.detectors.summed_areas import SummedAreas


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=draw)


@pytest.mark.parametrize("size", [(17, 23), (9, 40), (60, 13), (31, 57), (1, 1), (70, 130)])
def test_a_resized_image_is_that_of_interpolate(size: tuple[int, int]) -> None:
    image = noise(31, 57)
    expected = functional.interpolate(image[None].float(), size=size, mode="area")
    torch.testing.assert_close(SummedAreas(image).resized(*size), expected, rtol=0, atol=1e-4)


def test_crops_are_those_of_an_image_in_a_black_frame() -> None:
    """Windows inside, over each border, around the whole image and outside of it."""
    image = noise(40, 50)
    windows = torch.tensor(
        [
            [3, 4, 33, 34],
            [-7, 5, 20, 32],
            [30, 20, 61, 51],
            [5, -11, 16, 0],
            [-30, -30, 80, 80],
            [60, 60, 70, 70],
            [2, 2, 3, 3],
            [1, 2, 14, 30],
        ]
    )
    frame = 100
    framed = functional.pad(image, (frame,) * 4).float()
    for side in (24, 48):
        crops = SummedAreas(image).crops(windows, side)
        assert crops.is_contiguous(memory_format=torch.channels_last)
        for crop, (x1, y1, x2, y2) in zip(crops, (windows + frame).tolist(), strict=True):
            expected = functional.interpolate(framed[None, :, y1:y2, x1:x2], size=(side, side), mode="area")[
                0
            ]
            torch.testing.assert_close(crop, expected, rtol=0, atol=1e-4)


def test_sums_that_run_over_are_still_exact() -> None:
    """2,950 x 2,950 white pixels sum up to more than int32 holds."""
    areas = SummedAreas(torch.full((3, 2950, 2950), 255, dtype=torch.uint8))
    assert (areas.table[-1, -1] < 0).all()
    assert (areas.resized(13, 13) == 255).all()
    assert (areas.crops(torch.tensor([[2800, 2800, 2950, 2950]]), 24) == 255).all()


def test_no_window_gives_no_crop() -> None:
    assert SummedAreas(noise(8, 8)).crops(torch.empty(0, 4, dtype=torch.long), 24).shape == (0, 3, 24, 24)
