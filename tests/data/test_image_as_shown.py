import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from color_profiles import ADOBE, SRGB, encoded, grey_profile, in_srgb, rgb_profile
from PIL import Image, ImageCms
from sample_images import pixels, sample_image

from likeness.data.image_as_shown import read_image, refuse_existing, write_image
from likeness.errors import FileError, UnreadableImage

SIZE = (60, 40)


def shown(path):
    """`[H, W, 3]`, to compare with what was drawn, and the notes."""
    image, notes = read_image(path)
    assert image.dtype == torch.uint8
    assert image.is_contiguous()
    return image.permute(1, 2, 0).numpy(), notes


def distance(a, b):
    return np.abs(np.asarray(a, float) - np.asarray(b, float)).max()


def test_a_plain_image_keeps_its_pixels_and_nothing_is_said(tmp_path):
    sample_image(SIZE).save(tmp_path / "a.png")
    found, notes = shown(tmp_path / "a.png")
    assert (found == pixels(SIZE)).all()
    assert notes == ()
    assert (shown(str(tmp_path / "a.png"))[0] == found).all()


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_it_is_turned_upright(tmp_path, orientation):
    turns = {3: 2, 6: 1, 8: -1}[orientation]  # stored pixels, turned so that a viewer turns them back
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels(SIZE), turns))).save(tmp_path / "a.png", exif=exif)
    found, notes = shown(tmp_path / "a.png")
    assert (found == pixels(SIZE)).all()
    assert notes == ("a.png is turned as its EXIF orientation says.",)


def test_transparent_parts_are_white(tmp_path):
    cover = np.tile(np.linspace(0, 255, 60).round().astype(np.uint8), (40, 1))[..., None]
    Image.fromarray(np.concatenate([pixels(SIZE), cover], 2)).save(tmp_path / "a.png")
    found, notes = shown(tmp_path / "a.png")
    assert distance(found, pixels(SIZE) * (cover / 255) + 255 * (1 - cover / 255)) <= 1
    assert notes == ("a.png has transparent parts: they are laid on white.",)


def test_a_cover_that_hides_nothing_is_not_spoken_of(tmp_path):
    sample_image(SIZE).convert("RGBA").save(tmp_path / "a.png")
    found, notes = shown(tmp_path / "a.png")
    assert (found == pixels(SIZE)).all()
    assert notes == ()


def test_grey_palette_and_black_and_white_are_shown_as_they_look(tmp_path):
    grey = pixels(SIZE, channels=1)
    Image.fromarray(grey[..., 0]).save(tmp_path / "grey.png")
    assert (shown(tmp_path / "grey.png")[0] == grey).all()
    palette = sample_image(SIZE).quantize(32)
    palette.save(tmp_path / "palette.png")
    assert (shown(tmp_path / "palette.png")[0] == np.asarray(palette.convert("RGB"))).all()
    Image.fromarray(grey[..., 0] > 127).save(tmp_path / "bits.png")
    assert (shown(tmp_path / "bits.png")[0] == 255 * (grey > 127)).all()


def png16(values):
    """A PNG of 16 bits a channel, uint16 `[H, W, 3]`, which Pillow can read but not write."""
    height, width, _ = values.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    wide = (np.arange(40 * 60 * 3).reshape(40, 60, 3) * 9).astype(np.uint16)
    (tmp_path / "colour.png").write_bytes(png16(wide))
    Image.fromarray(wide[..., 0]).save(tmp_path / "grey.tif")
    for name, expected in (("colour.png", wide), ("grey.tif", wide[..., :1])):
        found, notes = shown(tmp_path / name)
        assert distance(found, expected / 257) <= 1
        assert notes == (f"{name} has 16 bits a channel: they are scaled to 8.",)


def test_a_colour_profile_is_converted_by_its_formula(tmp_path):
    gamma = 563 / 256  # that of Adobe RGB (1998)
    sample_image(SIZE).save(tmp_path / "a.png", icc_profile=rgb_profile(ADOBE, gamma, "Wide"))
    found, notes = shown(tmp_path / "a.png")
    assert distance(found, pixels(SIZE)) > 10
    assert distance(found, in_srgb(pixels(SIZE), ADOBE, gamma)) <= 3
    assert notes == ("a.png has the colour profile Wide: its colours are converted to sRGB.",)


def test_channels_that_a_profile_swaps_are_swapped(tmp_path):
    sample_image(SIZE).convert("RGBA").save(
        tmp_path / "a.png", icc_profile=rgb_profile(SRGB[:, [1, 2, 0]], 2.2)
    )
    found, _ = shown(tmp_path / "a.png")
    assert distance(found, in_srgb(pixels(SIZE)[..., [2, 0, 1]], SRGB, 2.2)) <= 3


def test_a_grey_profile_is_that_of_grey(tmp_path):
    grey = pixels(SIZE, channels=1)[..., 0]
    Image.fromarray(grey).save(tmp_path / "a.png", icc_profile=grey_profile(1.0))
    found, notes = shown(tmp_path / "a.png")
    assert distance(found, np.repeat(encoded(grey / 255)[..., None], 3, 2)) <= 3
    assert notes == ("a.png has the colour profile a grey one: its colours are converted to sRGB.",)


def test_transparency_outlives_a_profile(tmp_path):
    whole = np.full((40, 60, 1), 255, np.uint8)
    whole[:, :30] = 0
    image = Image.fromarray(np.concatenate([pixels(SIZE), whole], 2))
    image.save(tmp_path / "a.png", icc_profile=rgb_profile(ADOBE, 2.2))
    found, notes = shown(tmp_path / "a.png")
    assert (found[:, :30] == 255).all()
    assert distance(found[:, 30:], in_srgb(pixels(SIZE)[:, 30:], ADOBE, 2.2)) <= 3
    assert [note.split()[2] for note in notes] == ["the", "transparent"]


def test_srgb_s_own_profile_changes_no_pixel(tmp_path):
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sample_image(SIZE).save(tmp_path / "a.png", icc_profile=own)
    found, notes = shown(tmp_path / "a.png")
    assert (found == pixels(SIZE)).all()
    assert notes == ()


@pytest.mark.parametrize("profile", [b"no profile at all", grey_profile(1.8), rgb_profile(ADOBE, 2.2)[:150]])
def test_a_profile_that_is_broken_or_of_another_kind_is_ignored_and_said(tmp_path, profile):
    sample_image(SIZE).save(tmp_path / "a.png", icc_profile=profile)
    found, notes = shown(tmp_path / "a.png")
    assert (found == pixels(SIZE)).all()
    assert notes == ("a.png has a colour profile that can't be used: it is ignored.",)


def test_cmyk_shows_its_colours(tmp_path):
    sample_image(SIZE).convert("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    found, notes = shown(tmp_path / "a.jpg")
    assert distance(found, pixels(SIZE)) < 8
    assert len(notes) == 1
    assert "CMYK" in notes[0]


def test_a_large_jpeg_may_be_decoded_small(tmp_path):
    sample_image((1600, 1200)).save(tmp_path / "a.jpg", quality=95)
    assert read_image(tmp_path / "a.jpg", at_least=300).image.shape == (3, 300, 400)
    assert read_image(tmp_path / "a.jpg", at_least=301).image.shape == (3, 600, 800)
    assert read_image(tmp_path / "a.jpg").image.shape == (3, 1200, 1600)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_an_image_cut_short_is_one_sentence(tmp_path, suffix):
    stream = io.BytesIO()
    sample_image((200, 200)).save(stream, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(UnreadableImage, match=r"cut\.\w+ .*: replace or remove it\.$") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_image_missing_or_tiny_is_one_sentence(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(UnreadableImage, match=r"text\.png is not an image"):
        read_image(tmp_path / "text.png")
    for path, sentence in (
        (tmp_path / "nowhere.png", r"nowhere\.png is missing"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(FileError, match=sentence) as caught:
            read_image(path)
        assert not isinstance(caught.value, UnreadableImage)
    sample_image((400, 31)).save(tmp_path / "tiny.png")
    with pytest.raises(
        UnreadableImage, match=r"tiny\.png is 400 x 31 pixels, but needs 32 on its shorter side"
    ):
        read_image(tmp_path / "tiny.png")
    sample_image((400, 32)).save(tmp_path / "least.png")
    assert read_image(tmp_path / "least.png").image.shape == (3, 32, 400)


def image():
    return torch.from_numpy(pixels(SIZE)).permute(2, 0, 1)


def test_what_is_written_is_read_again(tmp_path):
    write_image(tmp_path / "a.PNG", image())
    assert torch.equal(read_image(tmp_path / "a.PNG").image, image())
    write_image(tmp_path / "a.jpg", image())
    assert Image.open(tmp_path / "a.jpg").format == "JPEG"
    assert distance(read_image(tmp_path / "a.jpg").image, image()) <= 8
    assert sorted(os.listdir(tmp_path)) == ["a.PNG", "a.jpg"]


def test_nothing_finished_is_overwritten_unless_that_is_asked_for(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("precious")
    for refused in (lambda: write_image(path, image()), lambda: refuse_existing(path, force=False)):
        with pytest.raises(FileExistsError, match=r"a\.png is there already: give another name"):
            refused()
    assert path.read_text() == "precious"
    refuse_existing(path, force=True)
    write_image(path, image(), force=True)
    assert torch.equal(read_image(path).image, image())


def test_an_error_midway_leaves_what_was_there(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.png"
    path.write_text("precious")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileError, match=r"a\.png can't be written \(No space left on device\)"):
        write_image(path, image(), force=True)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["a.png"]


def test_where_an_image_can_t_be_written_is_said_before_it_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"a\.gif can't be written: .*one of \.png, \.jpg, \.jpeg\.$"):
        refuse_existing(tmp_path / "a.gif", force=True)
    with pytest.raises(ValueError, match=r"there is no folder .*missing"):
        refuse_existing(tmp_path / "missing" / "a.png", force=False)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        refuse_existing(tmp_path / "folder.png", force=True)
