"""Image files that are made to harm: bombs of pixels, frames and text, and what is no file at all."""

import os
import resource
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from likeness.data.decode import decode
from likeness.data.image_as_shown import read_image
from likeness.errors import FileError, UnreadableImage

READERS: dict[str, Callable[[Any], Any]] = {
    "decode": lambda source: decode(source, spatial_size=32, channels=3),
    "read_image": read_image,
}


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A grey PNG that says it has these sides, and has a kilobyte of rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1024)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + rows + chunk(b"IEND", b"")


def bmp(width: int, height: int) -> bytes:
    about = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + about


@cache
def text_bomb() -> bytes:
    """Compressed text, about a thousand times as long as what holds it."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
    return png(32, 32, chunk(b"zTXt", b"Comment\0\0" + packed))


BOMBS: dict[str, Callable[[], bytes]] = {
    "pixels": partial(png, 100_000, 100_000),
    "a long line": partial(png, 2_000_000_000, 1),
    "pixels of a BMP": partial(bmp, 60_000, 60_000),
    "text": text_bomb,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_one_unreadable_image_and_takes_no_memory(
    bomb: Callable[[], bytes], read: Callable[[Any], Any], tmp_path: Path
) -> None:
    content = bomb()
    (tmp_path / "bomb.png").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableImage, match=r"bomb\.png") as raised:
        read(tmp_path / "bomb.png")
    assert "\n" not in str(raised.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB
    with pytest.raises(UnreadableImage):
        read(content)


@pytest.mark.parametrize("form", ["GIF", "PNG", "TIFF", "WEBP"])
def test_of_many_frames_the_first_alone_is_decoded(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.new("RGB", (64, 64), (number, 0, 0)) for number in range(0, 200, 2)]
    frames[0].save(tmp_path / "many", form, save_all=True, append_images=frames[1:])
    asked: list[int] = []
    plugin = type(Image.open(tmp_path / "many"))
    seek = plugin.seek
    monkeypatch.setattr(plugin, "seek", lambda image, frame: asked.append(frame) or seek(image, frame))
    image = decode(tmp_path / "many", spatial_size=64, channels=3)
    assert image[0].float().mean() < 2
    assert {*asked} <= {0}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_what_is_no_file_is_not_waited_for(read: Callable[[Any], Any], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "endless.jpg"):
        with pytest.raises(UnreadableImage, match=f"{name} is no file but a pipe, a device or a socket"):
            read(tmp_path / name)


def test_a_link_in_a_circle_and_a_folder_of_an_images_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "round.jpg").symlink_to(tmp_path / "round.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("round.jpg", "folder.jpg"):
        with pytest.raises(FileError, match=name):
            read_image(tmp_path / name)


def test_a_link_out_of_the_folder_gives_an_image_or_nothing(tmp_path: Path) -> None:
    """Links are followed, as data sets are put together by them; what is no image is never shown."""
    Image.fromarray(np.full((40, 40, 3), 7, np.uint8)).save(tmp_path / "elsewhere.png")
    (tmp_path / "secret.txt").write_text("a secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").symlink_to(tmp_path / "elsewhere.png")
    (tmp_path / "in" / "b.png").symlink_to(tmp_path / "secret.txt")
    assert read_image(tmp_path / "in" / "a.png").image.unique().tolist() == [7]
    with pytest.raises(UnreadableImage) as raised:
        read_image(tmp_path / "in" / "b.png")
    assert "a secret" not in str(raised.value)
