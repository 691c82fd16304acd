"""Plain JPEG files have Pillow's pixels, and all others are left to Pillow."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from likeness.data import decode as decoding
from likeness.data.decode import decode
from likeness.data.plain_jpeg import plain_jpeg
from likeness.errors import UnreadableImage


def drawn(height: int, width: int, channels: int = 3) -> Image.Image:
    """Waves of several lengths, with noise."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin((c + 1) * x / 5 + y / (3 + c)) + np.sin(y * x / 90 + c) for c in range(channels)]
    noise = np.random.default_rng(height * width).normal(0, 0.2, (height, width, channels))
    values = (np.stack(waves, -1) + noise) * 50 + 128
    pixels = values.clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


def jpeg(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def by_pillow(content: bytes) -> torch.Tensor:
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    return torch.from_numpy(np.atleast_3d(pixels).transpose(2, 0, 1).copy())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(112, 112), (37, 53), (8, 8), (1, 1), (200, 16)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 20},
        {"quality": 100, "subsampling": 0},
        {"subsampling": 1},
        {"progressive": True, "optimize": True},
        {"restart_marker_blocks": 1},
    ],
    ids=str,
)
def test_pixels_are_pillow_s(options: dict[str, object], size: tuple[int, int], channels: int) -> None:
    content = jpeg(drawn(*size, channels), **options)
    pixels = plain_jpeg(content, channels=channels, height=size[0], width=size[1])
    assert pixels is not None
    assert torch.equal(pixels, by_pillow(content))


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


OTHERS = {
    "turned by EXIF": jpeg(drawn(24, 24), exif=exif(6)),
    "turned by XMP": jpeg(drawn(24, 24), xmp=b'<x tiff:Orientation="6"/>'),
    "CMYK": jpeg(drawn(24, 24).convert("CMYK")),
    "wider": jpeg(drawn(24, 25)),
    "larger": jpeg(drawn(48, 48)),
    "grey": jpeg(drawn(24, 24, 1)),
    "no end": jpeg(drawn(24, 24))[:-2],
    "cut": jpeg(drawn(24, 24))[:300],
    "cut, with an end": jpeg(drawn(24, 24))[:300] + b"\xff\xd9",
    "nothing between start and end": b"\xff\xd8\xff\xd9",
    "nothing": b"",
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_others_are_left_to_pillow(content: bytes) -> None:
    assert plain_jpeg(content, channels=3, height=24, width=24) is None


def test_damage_is_judged_as_pillow_does(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(0)
    whole = jpeg(drawn(32, 32), quality=90)
    seen = set()
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        if draw.random() < 0.2:
            del content[draw.randrange(len(content)) :]
        outcomes = []
        for way in (plain_jpeg, lambda *_, **__: None):
            monkeypatch.setattr(decoding, "plain_jpeg", way)
            try:
                outcomes.append(decode(bytes(content), spatial_size=32, channels=3).tolist())
            except UnreadableImage as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1]
        seen.add(type(outcomes[0]))
    assert seen == {list, str}


@pytest.mark.real_data
def test_photographs_have_pillow_s_pixels(real_data: Path) -> None:
    files = sorted((real_data / "lfw").rglob("*.jpg"))[:200]
    assert files
    for file in files:
        content = file.read_bytes()
        with Image.open(file) as image:
            pixels = plain_jpeg(content, channels=3, height=image.height, width=image.width)
        assert pixels is not None
        assert torch.equal(pixels, by_pillow(content))
