"""Pictures with something odd about them that is no damage: EXIF, many pixels, 16-bit transparency, masks in alpha."""

import io
import logging
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sample_images import pixels, sample_image

from likeness.data.decode import decode
from likeness.data.image_as_shown import read_image
from likeness.data.style.masks import read_mask
from likeness.errors import UnreadableImage
from likeness.spatial import MAX_PIXELS

EXIF = (b"garbage", b"Exif\0\0garbage", b"\0\x2a\0\x08", b"II*\0\x08\0\0\0\xff\xff")


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of what Pillow does not write: its rows, each after a byte for its filter, and chunks before them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    more = b"".join(chunk(*one) for one in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("exif", EXIF)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_exif_that_cannot_be_read_costs_no_pixel(
    kind: str, exif: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    image = sample_image((40, 50))
    plain, source = saved(image, kind, **options), saved(image, kind, exif=exif, **options)
    with caplog.at_level(logging.INFO, logger="likeness"):
        read = decode(source, spatial_size=(50, 40), channels=3, name="odd picture")
    assert read.equal(decode(plain, spatial_size=(50, 40), channels=3))
    assert read_image(source).image.equal(read_image(plain).image)
    if kind != "JPEG" and exif != EXIF[-1]:  # the last one can be read, and says nothing
        assert "odd picture has EXIF data that can't be read" in caplog.text


def test_an_orientation_that_can_be_read_still_counts() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    turned = saved(sample_image((40, 50)), "PNG", exif=exif.tobytes())
    expected = sample_image((40, 50)).transpose(Image.Transpose.ROTATE_270)
    assert (read_image(turned).image.permute(1, 2, 0).numpy() == np.asarray(expected)).all()


def test_an_image_of_too_many_pixels_is_told_its_size_and_the_key() -> None:
    huge = png(13_500, 13_500, 1, 0, b"")  # 182 megapixels by its header
    sentence = r"big\.png has 13500 x 13500 pixels, more than max_pixels=178956970: .* raise data\.max_pixels"
    with pytest.raises(UnreadableImage, match=sentence):
        decode(huge, spatial_size=8, channels=3, name="big.png")
    small = saved(sample_image((50, 40)))
    with pytest.raises(UnreadableImage, match="a has 50 x 40 pixels, more than max_pixels=1999"):
        decode(small, spatial_size=8, channels=3, name="a", max_pixels=1999)
    with pytest.raises(UnreadableImage, match="a has 50 x 40 pixels"):
        read_image(small, name="a", max_pixels=1999)
    decode(small, spatial_size=8, channels=3, max_pixels=2000)


def test_more_pixels_are_taken_where_more_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # it is raised for good
    rows = (b"\0" + bytes(13_500 // 8 + 1)) * 13_500  # black, 1 bit a pixel
    huge = png(13_500, 13_500, 1, 0, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = decode(huge, spatial_size=8, channels=1, max_pixels=2 * MAX_PIXELS)
    assert read.shape == (1, 8, 8)
    assert not read.any()


def test_a_jpeg_is_counted_as_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own limit lowered, so that a small JPEG is what one of 182 megapixels is to the real one."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    large = saved(sample_image((800, 400)).resize((800, 400)), "JPEG")
    whole = sample_image((800, 400)).resize((100, 50), Image.Resampling.BOX)
    read = decode(large, spatial_size=16, channels=3, max_pixels=20_000)  # 320,000, and 5,000 at an eighth
    expected = whole.crop((25, 0, 75, 50)).resize((16, 16), Image.Resampling.BILINEAR)
    assert np.abs(read.permute(1, 2, 0).numpy().astype(int) - np.asarray(expected).astype(int)).mean() < 6
    with pytest.raises(UnreadableImage, match="800 x 400 pixels"):
        read_image(large, name="a", max_pixels=20_000)


def test_a_warning_of_pillow_s_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)  # it warns of 2,000
    written = []
    monkeypatch.setattr(
        warnings, "showwarning", lambda *said, **more: written.append(warnings.formatwarning(*said[:4]))
    )
    sample_image((50, 40)).save(tmp_path / "large.png")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(
            warnings, "showwarning", lambda *said, **more: written.append(warnings.formatwarning(*said[:4]))
        )
        decode(tmp_path / "large.png", spatial_size=8, channels=3)
        warnings.warn("of something else", stacklevel=1)
    large, other = written
    assert f"DecompressionBombWarning: {tmp_path / 'large.png'}: Image size (2000 pixels)" in large
    assert str(tmp_path) not in other


@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_of_sixteen_bits_is_as_of_eight(channels: int) -> None:
    grey = np.arange(24 * 24, dtype=np.uint16).reshape(24, 24) * 100
    for chosen in (3_000, 57_500):
        sixteen = saved(Image.fromarray(grey), transparency=chosen)
        assert Image.open(io.BytesIO(sixteen)).mode == "I;16"
        eight = np.round(grey / 257).astype(np.uint8)
        expected = np.where(grey == chosen, 255, eight)
        read = decode(sixteen, spatial_size=24, channels=channels)
        assert (read.numpy() == expected).all()
        assert (read_image(sixteen, shortest_side=8).image.numpy() == expected).all()
        if channels == 1:  # what an 8-bit file of the same transparent pixel shows
            alpha = Image.fromarray(np.where(grey == chosen, 0, 255).astype(np.uint8))
            both = Image.merge("LA", (Image.fromarray(eight), alpha))
            assert decode(saved(both), spatial_size=24, channels=1).equal(read)


def test_a_transparent_colour_of_sixteen_bits_is_white() -> None:
    colours = np.full((32, 32, 3), 0x1234, np.uint16)
    colours[:, 16:] = 0xAB00
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colours)
    source = png(32, 32, 16, 2, rows, (b"tRNS", struct.pack(">HHH", 0x1234, 0x1234, 0x1234)))
    read = decode(source, spatial_size=32, channels=3).numpy()
    assert (read[:, :, :16] == 255).all()
    assert (read[:, :, 16:] == 0xAB).all()


class TestMasks:
    """Masks of 32 x 32 pixels, whose left half is where the style belongs."""

    half = np.zeros((32, 32), np.uint8)
    half[:, :16] = 255

    def read(self, image: Image.Image, folder: Path, **options: object) -> torch.Tensor:
        image.save(folder / "mask.png", **options)
        mask = read_mask(folder / "mask.png", max_pixels=MAX_PIXELS)
        self.notes = mask.notes
        return mask.image

    @pytest.mark.parametrize("colour", [0, 90, 255])
    def test_in_the_alpha_channel(self, colour: int, tmp_path: Path) -> None:
        alpha = Image.fromarray(self.half)
        for mode in ("LA", "RGBA"):
            image = Image.new(mode[:-1], (32, 32), colour if mode == "LA" else (colour,) * 3)
            image.putalpha(alpha)
            assert (self.read(image, tmp_path).numpy() == self.half).all()
            assert "has its mask in the alpha channel" in self.notes[-1]

    def test_in_grey_beside_alpha(self, tmp_path: Path) -> None:
        image = Image.fromarray(self.half)
        image.putalpha(Image.fromarray(self.half.T))  # the upper half is opaque
        expected = np.where((self.half > 0) & (self.half.T > 0), 255, 0)
        assert (self.read(image, tmp_path).numpy() == expected).all()

    def test_in_grey_with_an_alpha_that_says_nothing(self, tmp_path: Path) -> None:
        image = Image.fromarray(self.half)
        plain = self.read(image, tmp_path)
        image.putalpha(255)
        assert self.read(image, tmp_path).equal(plain)
        assert self.notes == ()

    def test_with_a_transparent_colour(self, tmp_path: Path) -> None:
        grey = np.where(self.half > 0, 200, 7).astype(np.uint8)
        assert (self.read(Image.fromarray(grey), tmp_path, transparency=7).numpy() == self.half).all()


def test_the_sample_is_what_it_is_taken_for() -> None:
    assert pixels((40, 50)).shape == (50, 40, 3)
