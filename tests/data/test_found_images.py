"""What lies in a folder of images: whatever Pillow reads is read, and what is left out is counted and named."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sample_images import people, sample_image

from likeness.applications.pairs import _images
from likeness.applications.photographs import photographs_in
from likeness.data.decode import decode
from likeness.data.found_images import LeftOut, images_in
from likeness.data.image_files import identity_folders
from likeness.data.image_folder import image_folder
from likeness.data.images import Images
from likeness.data.style.whole_images import images_below
from likeness.errors import FileError

# By suffix the format that Pillow writes; every other that it reads and writes is taken from its own tables below.
NAMED = {
    "jfif": "JPEG",
    "jpe": "JPEG",
    "gif": "GIF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "pgm": "PPM",
    "JPG": "JPEG",
}


def everybody(root: Path) -> Images:
    images = image_folder(root=str(root), spatial_size=24, channels=3, split=(0, 0, 1)).test
    assert images is not None
    return images


def kinds() -> dict[str, str]:
    """A suffix of every format that Pillow can read and write by itself."""
    Image.init()
    known = Image.registered_extensions()
    both = {name: suffix for suffix, name in known.items() if name in Image.OPEN and name in Image.SAVE}
    apart = {
        "MPEG",
        "EPS",
        "BUFR",
        "GRIB",
        "HDF5",
        "WMF",
        "PALM",
        "XBM",
        "MSP",
        "SPIDER",
        "BLP",
        "DDS",
        "ICNS",
        "ICO",
    }
    return NAMED | {suffix[1:]: name for name, suffix in both.items() if name not in apart}


@pytest.mark.parametrize("suffix", sorted(kinds()))
def test_what_pillow_reads_is_read_by_its_name(suffix: str, tmp_path: Path) -> None:
    root = people(tmp_path, {"a": 2, "b": 2})
    image = sample_image(seed=3).convert("L" if suffix == "pgm" else "RGB")
    image.save(root / "a" / f"x.{suffix}", kinds()[suffix])
    images = everybody(root)
    names = [images.name(i) for i in range(len(images))]
    assert names == ["a/0.jpg", "a/1.jpg", f"a/x.{suffix}", "b/0.jpg", "b/1.jpg"]
    assert images.load([2])[0].shape == (3, 24, 24)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "TIFF", "JPEG2000", "PPM"])
@pytest.mark.parametrize("name", ["portrait", "A. Lovelace", "scan.0001"])
def test_without_a_known_suffix_the_content_tells(kind: str, name: str, tmp_path: Path) -> None:
    root = people(tmp_path, {"a": 2, "b": 2})
    sample_image(seed=3).save(root / "b" / name, kind)
    assert identity_folders(root)["b"] == sorted(["0.jpg", "1.jpg", name])


def test_a_level_deeper_is_the_identity_s_too_and_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = people(tmp_path, {"a": 2, "b": 0})
    people(root / "b", {"2024": 2, "2025": 1})
    people(root / "a" / "deep", {"er": 1})
    found = identity_folders(root)
    assert found == {
        "a": ["0.jpg", "1.jpg", "deep/er/0.jpg"],
        "b": ["2024/0.jpg", "2024/1.jpg", "2025/0.jpg"],
    }
    assert "4 images lie deeper in the folders of" in caplog.text
    assert len(everybody(root)) == 6


def test_what_is_left_out_is_counted_and_named_by_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = people(tmp_path, {"a": 3, "b": 2, ".cache": 1})
    (root / "a" / "notes.txt").write_text("no image")
    (root / "a" / "data.json").write_text("{}")
    (root / "a" / ".0.jpg").write_bytes(b"")
    (root / "b" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    os.mkfifo(root / "b" / "pipe.png")
    (root / "b" / "again").symlink_to(root / "a")
    sample_image().save(root / "loose.png")
    with caplog.at_level(logging.WARNING, logger="likeness"):
        found = identity_folders(root)
    assert found == {"a": ["0.jpg", "1.jpg", "2.jpg"], "b": ["0.jpg", "1.jpg"]}
    (said,) = caplog.messages
    assert said.startswith(f"Left out in {root}: ")
    for part in (
        f"2 (hidden), such as {root}/.cache",
        f"2 (no image that is known), such as {root}/a/data.json",
        f"1 (a link to a folder), such as {root}/b/again",
        f"2 (can't be opened), such as {root}/b/gone.jpg",
        f"1 (beside the folders), such as {root}/loose.png",
    ):
        assert part in said


@pytest.mark.parametrize("refused", ["folder", "file"])
def test_a_thing_that_may_not_be_opened_is_left_out_and_not_the_end(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = people(tmp_path, {"a": 2, "b": 2, "c": 2})
    scandir, access = os.scandir, os.access
    closed = str(root / "b") if refused == "folder" else str(root / "b" / "1.jpg")

    def refusing(path: str) -> object:  # root may open everything
        if path == closed:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and access(path, mode))
    found = identity_folders(root)
    assert {name: len(files) for name, files in found.items()} == (
        {"a": 2, "c": 2} if refused == "folder" else {"a": 2, "b": 1, "c": 2}
    )
    assert f"1 (can't be opened), such as {closed}" in caplog.text


def test_a_drive_that_is_gone_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = people(tmp_path, {"a": 2, "b": 2})
    scandir = os.scandir

    def gone(path: str) -> object:
        if path == str(root / "b"):
            raise OSError(5, "Input/output error", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", gone)
    with pytest.raises(FileError, match="Input/output error"):
        identity_folders(root)


def test_every_walk_through_a_folder_finds_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, kind in {"a.jfif": "JPEG", "b": "PNG", "c.avif": "AVIF"}.items():
        sample_image().save(tmp_path / name, kind)
    (tmp_path / "deeper").mkdir()
    sample_image().save(tmp_path / "deeper" / "d.jpe", "JPEG")
    (tmp_path / "notes.txt").write_text("no image")
    own = ["a.jfif", "b", "c.avif"]
    assert images_below(tmp_path, "data.contents") == [*own, "deeper/d.jpe"]
    assert [str(one.below) for one in photographs_in([tmp_path])] == [*own, "deeper/d.jpe"]
    assert caplog.text.count("1 (no image that is known)") == 2
    assert [path.name for path in _images(str(tmp_path))] == own
    assert f"1 (a folder in it), such as {tmp_path}/deeper" in caplog.text


def test_a_program_is_not_started_for_an_image(tmp_path: Path) -> None:
    """Pillow hands PostScript to Ghostscript, whatever the file is called."""
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "a.jpg").write_bytes(script)
    with pytest.raises(Exception, match="is not an image that can be read"):
        decode(tmp_path / "a.jpg", spatial_size=8, channels=3)
    (tmp_path / "script").write_bytes(script)
    left_out = LeftOut()
    assert images_in(tmp_path, left_out, deeper=False) == ["a.jpg"]
    assert "1 (no image that is known)" in str(left_out)


def test_pixels_of_the_formats_without_loss_are_those_of_a_png(tmp_path: Path) -> None:
    image = sample_image(seed=5)
    expected = np.asarray(image)
    for suffix in ("png", "bmp", "ppm", "tif", "tga", "qoi"):
        image.save(tmp_path / f"x.{suffix}")
        read = decode(tmp_path / f"x.{suffix}", spatial_size=image.size[::-1], channels=3)
        assert (read.permute(1, 2, 0).numpy() == expected).all(), suffix
