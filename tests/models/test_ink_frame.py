import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from likeness.models.double_conv import double_conv
from likeness.models.ink_frame import InkFrame


def drawing(corner: tuple[float, float], scale: float, side: int = 96) -> torch.Tensor:
    """A letter of three strokes, `[1, 1, side, side]` in [0, 1], whose box begins at `corner`."""
    image = Image.new("L", (4 * side, 4 * side), 255)
    points = [(0, 0), (1.0, 0.2), (0.1, 0.7), (0.9, 1.0)]
    line = [
        tuple(4 * (at + scale * part) for at, part in zip(corner, point, strict=True)) for point in points
    ]
    ImageDraw.Draw(image).line(line, fill=0, width=int(0.4 * scale))
    pixels = np.array(image.resize((side, side), Image.Resampling.BOX), dtype=np.float32) / 255
    return torch.from_numpy(pixels)[None, None]


def test_a_letter_is_the_same_wherever_and_however_large_it_is_drawn() -> None:
    frame = InkFrame(32)
    first, *others = (
        frame(drawing(corner, scale)) for corner, scale in (((30, 30), 40), ((10, 40), 40), ((5, 8), 70))
    )
    another = frame(drawing((30, 30), 40).rot90(1, (2, 3)))
    for other in others:
        assert float((first - other).abs().mean()) < 0.05
        assert float((another - other).abs().mean()) > 0.2


def test_a_cut_is_pillow_s() -> None:
    image = drawing((20, 34), 33)
    ink = np.argwhere(image[0, 0].numpy() < 0.5)
    (top, left), (bottom, right) = ink.min(0), ink.max(0) + 1
    half = max(bottom - top, right - left) * 1.15 / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    theirs = Image.fromarray(image[0, 0].numpy()).transform(
        (40, 40),
        Image.Transform.EXTENT,
        (x - half, y - half, x + half, y + half),
        Image.Resampling.BILINEAR,
        fillcolor=1.0,
    )
    ours = InkFrame(40)(image)[0, 0].numpy()
    assert np.abs(ours - np.array(theirs)).max() < 0.02


def test_a_batch_is_cut_image_by_image_whatever_the_normalisation() -> None:
    frame = InkFrame(24)
    images = torch.cat([drawing((10, 20), 50), drawing((50, 8), 30)])
    apart = torch.cat([frame(image[None]) for image in images])
    assert torch.allclose(frame(images), apart, atol=1e-5)
    assert torch.allclose(frame((images - 0.9) / 0.3), (apart - 0.9) / 0.3, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_an_image_without_ink_stays_as_it_is(value: float) -> None:
    assert torch.allclose(InkFrame(16)(torch.full((2, 1, 30, 30), value)), torch.full((2, 1, 16, 16), value))


def test_a_network_that_frames_takes_images_of_any_size() -> None:
    backbone = double_conv(
        widths=[4, 6], ink_size=16, spatial_size=96, channels=1, mean=[0.9], std=[0.3]
    ).eval()
    assert backbone.feature_dim == 6 * 4 * 4
    features = [backbone(drawing(corner, 40)) for corner in ((10, 10), (45, 30))]
    assert features[0].shape == (1, 96)
    assert torch.allclose(*features, rtol=0.05, atol=0.05)
