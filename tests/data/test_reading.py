"""What is no damage of the bytes never takes an image out of the data: it ends the run."""

import errno
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile
from sample_images import encoded, people

import likeness.data.decode as decoding
from likeness.data import reading
from likeness.data.decode import decode
from likeness.data.image_as_shown import read_image
from likeness.data.image_folder import image_folder
from likeness.data.insightface.record_io import RecordFile
from likeness.data.insightface.verification_set import insightface_bin
from likeness.data.skipping import SkippingUnreadable
from likeness.data.style.style_folders import style_folders
from likeness.errors import LikenessError, UnreadableImage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(people(tmp_path / "people", {"a": 3, "b": 3}, size=(40, 40)))


def skipping(folder: Path) -> SkippingUnreadable:
    test = image_folder(root=str(folder), spatial_size=24, channels=3, split=(0, 0, 1)).test
    assert test is not None
    return SkippingUnreadable(test)


def raising(error: BaseException) -> Callable[..., Any]:
    def raise_it(*_: Any, **__: Any) -> Any:
        raise error

    return raise_it


def refused(folder: Path, what: str) -> LikenessError:
    """The error that a training and a test get when they load what can't be read; nothing is left out for it."""
    images = skipping(folder)
    for load in (images.load_good, images.load_or_none):
        with pytest.raises(LikenessError, match=what) as caught:
            load([0, 1])
        assert not isinstance(caught.value, UnreadableImage)
    assert images.unreadable == []
    return caught.value


SYSTEM = {
    errno.EMFILE: r"a/0\.jpg cannot be read \(Too many open files\): raise the limit .*, then go on with the same",
    errno.ENFILE: r"a/0\.jpg cannot be read \(Too many open files in system\): close files",
    errno.ESTALE: r"a/0\.jpg cannot be read \(Stale file handle\): see to the disk or the network",
    errno.EIO: r"a/0\.jpg cannot be read \(Input/output error\): see to the disk",
    errno.EACCES: r"a/0\.jpg cannot be read \(Permission denied\): allow reading it, then go on",
    errno.ENOENT: r"a/0\.jpg is missing: put it back",
    errno.ENOTDIR: r"a/0\.jpg is missing: put it back",
}


@pytest.mark.parametrize("code", SYSTEM)
def test_what_the_file_system_says_is_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(reading, "open", raising(OSError(code, os.strerror(code))), raising=False)
    refused(folder, SYSTEM[code])


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ESTALE])
@pytest.mark.parametrize(("owner", "name"), [(Image, "open"), (ImageFile.ImageFile, "load")])
def test_what_the_system_refuses_to_pillow_is_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, owner: Any, name: str
) -> None:
    monkeypatch.setattr(owner, name, raising(OSError(code, os.strerror(code))))
    refused(folder, rf"a/0\.jpg cannot be read \({os.strerror(code)}\)")


def test_a_file_that_is_gone_or_forbidden_is_named(folder: Path) -> None:
    gone = folder / "a" / "0.jpg"
    images = skipping(folder)
    gone.rename(folder / "elsewhere.jpg")
    for load in (images.load_good, images.load_or_none):
        with pytest.raises(
            LikenessError, match=r"a/0\.jpg is missing: put it back, or start again"
        ) as caught:
            load([0, 1])
        assert not isinstance(caught.value, UnreadableImage)
    (folder / "elsewhere.jpg").rename(gone)
    assert len(images.load_good([0, 1])[1]) == 2
    assert images.unreadable == []
    gone.chmod(0)
    if not os.access(gone, os.R_OK):  # a superuser may read everything
        refused(folder, r"a/0\.jpg cannot be read \(Permission denied\)")


def test_real_open_files_run_out(folder: Path) -> None:
    images = skipping(folder)
    images.load_good([0])  # whatever Pillow imports
    limits, taken = resource.getrlimit(resource.RLIMIT_NOFILE), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(LikenessError, match=r"a/1\.jpg cannot be read \(Too many open files\)") as caught:
            images.load_good([1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for number in taken:
            os.close(number)
    assert not isinstance(caught.value, UnreadableImage)
    assert len(images.load_good([1])[1]) == 1
    assert images.unreadable == []


PLACES = [
    (Image, "open"),
    (Image.Image, "convert"),
    (Image.Image, "resize"),
    (ImageFile.ImageFile, "load"),
    (decoding, "_cropped"),
    (decoding, "_tensor"),
    (decoding, "laid_on_white"),
    (reading, "open"),
]


@pytest.mark.parametrize("error", [MemoryError("no room"), NameError("name 'x' is not defined")])
@pytest.mark.parametrize(("owner", "name"), PLACES)
def test_a_lack_of_memory_and_a_fault_of_ours_are_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception
) -> None:
    images = skipping(folder)
    grey = image_folder(root=str(folder), spatial_size=24, channels=1, split=(0, 0, 1)).test
    assert grey is not None
    monkeypatch.setattr(owner, name, raising(error), raising=False)  # `open` is Python's own
    for source in (images, SkippingUnreadable(grey)):
        if name == "convert" and source is images:
            continue  # these are in the wanted colours
        for load in (source.load_good, source.load_or_none):
            with pytest.raises(type(error)):
                load([0, 1])
        assert source.unreadable == []


@pytest.mark.parametrize(
    "error", [ValueError("ours"), TypeError("ours"), IndexError("ours"), OSError("ours")]
)
def test_a_fault_of_ours_after_decoding_is_no_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    images = skipping(folder)
    monkeypatch.setattr(decoding, "_cropped", raising(error))
    with pytest.raises(type(error), match="ours"):
        images.load_good([0])
    monkeypatch.setattr("likeness.data.image_as_shown.scaled_to_eight_bits", raising(error))
    with pytest.raises(type(error), match="ours"):
        read_image(folder / "a" / "0.jpg")
    assert images.unreadable == []


@pytest.mark.parametrize(
    "error",
    [
        SyntaxError("not this format"),
        ValueError("bad"),
        EOFError("bad"),
        IndexError("bad"),
        KeyError("bad"),
        OSError("broken data stream"),
        OverflowError("bad"),
        Image.DecompressionBombError("bad"),
    ],
)
def test_what_decoders_raise_is_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    first = (folder / "a" / "0.jpg").read_bytes()
    load = ImageFile.ImageFile.load

    def spoilt(image: Any, *rest: Any) -> Any:
        if getattr(image, "fp", None) is not None and image.fp.getvalue() == first:
            raise error
        return load(image, *rest)

    monkeypatch.setattr(ImageFile.ImageFile, "load", spoilt)
    with pytest.raises(UnreadableImage, match=r"a/0\.jpg cannot be read"):
        decode(folder / "a" / "0.jpg", spatial_size=24, channels=3)


def test_a_jpeg_from_a_file_is_decoded_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a" / "0.jpg").write_bytes(encoded("JPEG", (1600, 1200)))
    sizes: list[tuple[int, int]] = []
    square = decoding._cropped

    def watched(image: Image.Image, height: int, width: int) -> Image.Image:
        sizes.append(image.size)
        return square(image, height, width)

    monkeypatch.setattr(decoding, "_cropped", watched)
    decode(folder / "a" / "0.jpg", spatial_size=24, channels=3)
    assert sizes == [(200, 150)]


def test_a_set_of_records_that_is_gone_or_emptied_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"train\.rec is missing") as caught:
        RecordFile(tmp_path / "train.rec").read(0)
    assert not isinstance(caught.value, UnreadableImage)
    (tmp_path / "train.rec").touch()
    with pytest.raises(ValueError, match=r"train\.rec is empty: fetch it again") as caught:
        RecordFile(tmp_path / "train.rec").read(0)
    assert not isinstance(caught.value, UnreadableImage)


@pytest.mark.parametrize("error", [MemoryError(), NameError("ours")])
def test_a_verification_set_is_not_damaged_by_a_lack_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (tmp_path / "lfw.bin").write_bytes(b"any")
    monkeypatch.setattr("likeness.data.insightface.verification_set._Plain", raising(error))
    with pytest.raises(type(error)):
        insightface_bin(path=str(tmp_path / "lfw.bin"), spatial_size=16, channels=3)
    monkeypatch.setattr(Path, "read_bytes", raising(OSError(errno.ESTALE, "Stale file handle")))
    with pytest.raises(LikenessError, match=r"lfw\.bin cannot be read \(Stale file handle\)"):
        insightface_bin(path=str(tmp_path / "lfw.bin"), spatial_size=16, channels=3)


def test_a_folder_that_can_t_be_listed_is_not_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def stale(path: Any) -> Any:
        if str(path).endswith("b"):
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", stale)
    with pytest.raises(LikenessError, match=r"people/b cannot be read \(Stale file handle\)"):
        style_folders(
            contents=str(folder), styles=None, resize=32, crop=32, batch_size=1, test_share=0.0, split_seed=0
        )
    with pytest.raises(LikenessError, match=r"people/b cannot be read \(Stale file handle\)"):
        skipping(folder)


def test_a_failing_disk_is_no_missing_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = image_folder(root=str(folder), spatial_size=24, channels=3, split=(0, 0, 1)).test
    assert test is not None
    monkeypatch.setattr(os, "stat", raising(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(LikenessError, match=r"a/0\.jpg cannot be read \(Input/output error\)"):
        test.fingerprint()


def test_what_is_read_is_what_pillow_reads_from_the_path(folder: Path) -> None:
    for path in sorted(folder.glob("*/*.jpg")):
        with Image.open(path) as image:
            image.draft(None, (120, 120))
            expected = np.array(image.convert("RGB"))
        assert torch.equal(
            decode(path, spatial_size=40, channels=3), torch.from_numpy(expected).permute(2, 0, 1)
        )
