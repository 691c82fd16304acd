import io

import numpy as np
import pytest
import torch
from PIL import Image
from sample_images import encoded, pixels, sample_image
from torchvision.transforms.v2 import functional

from likeness.data.decode import decode
from likeness.errors import UnreadableImage


def saved(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def shown(source, size=24, channels=3):
    """`[height, width, channels]`, to compare with what was drawn."""
    tensor = decode(source, spatial_size=size, channels=channels)
    assert tensor.dtype == torch.uint8
    assert tensor.shape == (channels, size, size)
    return tensor.permute(1, 2, 0).numpy()


def distance(a, b):
    return np.abs(a.astype(int) - b.astype(int)).max()


@pytest.mark.parametrize("form", ["PNG", "BMP", "WEBP", "TIFF"])
def test_an_image_of_the_size_keeps_its_bytes(form):
    options = {"lossless": True} if form == "WEBP" else {}
    assert (shown(encoded(form, **options)) == pixels()).all()


def test_a_path_is_read_like_bytes(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded())
    assert (shown(tmp_path / "a.jpg") == shown(encoded())).all()
    assert (shown(str(tmp_path / "a.jpg")) == shown(encoded())).all()


def test_grey_becomes_three_equal_channels_and_stays_one():
    grey = pixels(channels=1)
    source = saved(Image.fromarray(grey[..., 0]))
    assert (shown(source) == np.repeat(grey, 3, axis=2)).all()
    assert (shown(source, channels=1) == grey).all()


def test_one_channel_is_luma():
    expected = pixels() @ np.array([0.299, 0.587, 0.114])
    assert distance(shown(encoded("PNG"), channels=1)[..., 0], expected.round()) <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_parts_are_white(channels):
    colour, alpha = pixels(), np.zeros((24, 24, 1), np.uint8)
    alpha[:12] = 255
    alpha[12:18] = 128
    image = Image.fromarray(np.concatenate([colour, alpha], axis=2))
    part = alpha / 255
    expected = (colour * part + 255 * (1 - part)).round()
    if channels == 1:
        expected = (expected @ np.array([0.299, 0.587, 0.114])).round()[..., None]
    assert distance(shown(saved(image), channels=channels), expected) <= 1


def test_transparent_grey_and_palette_colours_are_white():
    grey = np.full((24, 24), 9, np.uint8)
    both = saved(Image.fromarray(np.stack([grey, 0 * grey], -1), "LA"))
    assert (shown(both) == 255).all()
    palette = Image.fromarray(grey, "P")
    palette.putpalette([7, 8, 9] * 256)
    assert (shown(saved(palette)) == [7, 8, 9]).all()
    assert (shown(saved(palette, transparency=9)) == 255).all()


def test_palette_colours_are_looked_up_before_resizing():
    quantised = sample_image((48, 48)).quantize(64)
    expected = quantised.convert("RGB").resize((24, 24), Image.Resampling.BILINEAR)
    assert (shown(saved(quantised)) == np.asarray(expected)).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_shows_its_colours(form, channels):
    source = saved(sample_image().convert("CMYK"), form, **({"quality": 100} if form == "JPEG" else {}))
    assert Image.open(io.BytesIO(source)).mode == "CMYK"
    expected = pixels() if channels == 3 else shown(encoded("PNG"), channels=1)
    assert distance(shown(source, channels=channels), expected) < 8


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_to_eight(form):
    wide = (np.arange(24 * 24).reshape(24, 24) * 113).astype(np.uint16)
    source = saved(Image.fromarray(wide), form)
    assert (shown(source, channels=1)[..., 0] == np.round(wide / 257)).all()
    assert (shown(source)[..., 2] == np.round(wide / 257)).all()


def test_black_and_white_is_0_and_255():
    bits = pixels(channels=1)[..., 0] > 127
    assert (shown(saved(Image.fromarray(bits)), channels=1)[..., 0] == bits * 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation):
    # how the stored pixels follow from those that one should see (EXIF 2.3, tag 274)
    store = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: p.swapaxes(0, 1)[::-1],
        7: lambda p: p.swapaxes(0, 1)[::-1, ::-1],
        8: lambda p: p.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(store(pixels())))
    assert (shown(saved(stored, exif=exif)) == pixels()).all()


@pytest.mark.parametrize("size", [(48, 24), (24, 31), (96, 48), (50, 77), (13, 16)])
def test_the_shorter_side_is_resized_and_the_centre_cropped(size):
    # a second way: torchvision's own resize of the whole image, then its centre crop
    whole = torch.from_numpy(pixels(size)).permute(2, 0, 1)
    resized = functional.resize(whole, [24], antialias=True)
    expected = functional.center_crop(resized, [24, 24]).permute(1, 2, 0).numpy()
    assert distance(shown(encoded("PNG", size)), expected) <= 8


@pytest.mark.parametrize("size", [(48, 24), (24, 31), (96, 48), (50, 77), (20, 30), (40, 60)])
def test_a_height_and_a_width_are_just_covered_and_the_centre_cropped(size):
    # a second way: torchvision's own resize of the whole image, by the side that needs it more, then its centre crop
    scale = max(30 / size[1], 20 / size[0])
    whole = torch.from_numpy(pixels(size)).permute(2, 0, 1)
    sides = [max(30, round(scale * size[1])), max(20, round(scale * size[0]))]
    resized = functional.resize(whole, sides, antialias=True)
    expected = functional.center_crop(resized, [30, 20]).permute(1, 2, 0).numpy()
    found = decode(encoded("PNG", size), spatial_size=[30, 20], channels=3)
    assert found.shape == (3, 30, 20)
    assert distance(found.permute(1, 2, 0).numpy(), expected) <= 12
    if size == (20, 30):
        assert (found.permute(1, 2, 0).numpy() == pixels(size)).all()


def test_files_are_images_in_grey_or_colour():
    with pytest.raises(ValueError, match=r"^an image file takes two-dimensional images alone"):
        decode(encoded(), spatial_size=[24], channels=3)
    with pytest.raises(ValueError, match=r"^an image file has 1 channel \(grey\) or 3 \(RGB\), not 2$"):
        decode(encoded(), spatial_size=24, channels=2)


def test_cropping_alone_keeps_the_bytes():
    assert (shown(encoded("PNG", (24, 40))) == pixels((24, 40))[8:32]).all()
    assert (shown(encoded("PNG", (41, 24))) == pixels((41, 24))[:, 8:32]).all()


def test_shrinking_is_antialiased():
    lines = np.tile(np.array([0, 255], np.uint8), (192, 96))
    assert distance(shown(saved(Image.fromarray(lines)), channels=1), np.full((24, 24, 1), 127)) <= 6


def test_a_large_jpeg_is_decoded_small_without_harm():
    large = encoded("JPEG", (1200, 900), quality=95)
    exact = sample_image((1200, 900)).resize((24, 24), Image.Resampling.BILINEAR, box=(150, 0, 1050, 900))
    assert distance(shown(large), np.asarray(exact)) <= 4


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_an_image_cut_short_is_named(tmp_path, form):
    content = encoded(form, (64, 64))
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImage, match=r"cut\.jpg") as caught:
        decode(tmp_path / "cut.jpg", spatial_size=24, channels=3)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + 40 * b"\0"])
def test_what_is_no_image_is_named(content):
    with pytest.raises(UnreadableImage, match="number 7"):
        decode(content, spatial_size=24, channels=3, name="number 7")


def test_32_bits_are_refused():
    floats = saved(Image.fromarray(np.zeros((24, 24), np.float32)), "TIFF")
    with pytest.raises(UnreadableImage, match="32-bit"):
        decode(floats, spatial_size=24, channels=3, name="floats")


def test_colours_that_have_no_grey_are_refused():
    lab = saved(Image.new("LAB", (24, 24)), "TIFF")
    assert shown(lab).shape == (24, 24, 3)
    with pytest.raises(UnreadableImage, match=r"^lab cannot be read \(conversion from LAB"):
        decode(lab, spatial_size=24, channels=1, name="lab")


def many_formats():
    """Encoded images of many formats and modes, by name."""
    rgb, exif = sample_image((64, 48)), Image.Exif()
    exif[274] = 6
    wide = Image.fromarray((np.arange(64 * 48).reshape(48, 64) * 13).astype(np.uint16))
    frames = {"save_all": True, "append_images": [sample_image((64, 48), 2).quantize(32)]}
    return {
        "jpg": saved(rgb, "JPEG", exif=exif),
        "png": saved(rgb, "PNG", exif=exif),
        "webp": saved(rgb, "WEBP", exif=exif),
        "tiff": saved(rgb, "TIFF"),
        "bmp": saved(rgb, "BMP"),
        "gif": saved(rgb.quantize(64), "GIF", transparency=3, **frames),
        "palette": saved(rgb.quantize(64), "PNG", transparency=3),
        "cmyk": saved(rgb.convert("CMYK"), "JPEG"),
        "lzw": saved(rgb, "TIFF", compression="tiff_lzw"),
        "lab": saved(Image.new("LAB", (64, 48)), "TIFF"),
        "wide": saved(wide, "PNG"),
    }


def damaged(content, kind, draw):
    """`content` cut short, with flipped bits, with other bytes in its head, or without a part."""
    spoilt = bytearray(content)
    if kind == 0:
        return bytes(spoilt[: draw.integers(len(spoilt))])
    if kind == 1:
        for place in draw.integers(len(spoilt), size=3):
            spoilt[place] ^= 1 << draw.integers(8)
    elif kind == 2:
        for place in draw.integers(min(len(spoilt), 200), size=3):
            spoilt[place] = draw.integers(256)
    else:
        start = draw.integers(len(spoilt))
        del spoilt[start : start + draw.integers(1, 30)]
    return bytes(spoilt)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", many_formats())
def test_whatever_is_damaged_is_an_image_or_unreadable(form, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10**6)  # a size may be damaged too
    content, draw, said = many_formats()[form], np.random.default_rng(len(form)), []
    for trial in range(120):
        channels = 1 if trial % 3 else 3
        try:
            found = decode(damaged(content, trial % 4, draw), spatial_size=24, channels=channels, name=form)
            assert found.shape == (channels, 24, 24)
        except UnreadableImage as error:
            said.append(str(error))
    assert len(said) > 30
    assert all(sentence.startswith(f"{form} ") and "\n" not in sentence for sentence in said)
