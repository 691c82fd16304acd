import os

import numpy as np
import pytest
from sample_images import people, sample_image

from likeness.data.image_folder import image_folder


def everybody(root, **more):
    return image_folder(root=str(root), spatial_size=24, channels=3, split=(0, 0, 1), **more).test


def test_one_folder_is_one_identity(tmp_path):
    images = everybody(people(tmp_path, {"b": 2, "a": 3}, extension="png"))
    names = [images.name(i) for i in range(len(images))]
    assert names == ["a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png"]
    assert [images.identity_name(i) for i in images.identity] == ["a", "a", "a", "b", "b"]
    assert (images.load([4, 0])[0].permute(1, 2, 0).numpy() == np.asarray(sample_image(seed=1))).all()


def test_all_extensions_count_in_any_case_and_nothing_hidden(tmp_path):
    people(tmp_path, {"a": 2, "b": 2, ".hidden": 2, "empty": 0})
    for extension in ("jpeg", "PNG", "bmp", "WebP", "tif", "TIFF", "JPG"):
        sample_image().save(tmp_path / "a" / f"x{extension}.{extension}")
    (tmp_path / "a" / ".x.jpg").write_bytes(b"")
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "list.txt").write_text("no image")
    (tmp_path / "a" / "deeper.jpg").mkdir()
    images = everybody(tmp_path)
    assert np.bincount(images.identity).tolist() == [9, 2]


def test_the_default_split_has_three_parts(tmp_path):
    root = people(tmp_path, {str(i): 2 for i in range(20)})
    splits = image_folder(root=str(root), spatial_size=24, channels=1)
    parts = [splits.train, splits.validation, splits.test]
    assert [len(part) for part in parts] == [32, 4, 4]
    assert len({part.identity_name(i) for part in parts for i in part.identity}) == 20
    assert splits.train.load([0])[0].shape == (1, 24, 24)
    assert splits.pairs is None


def test_the_fingerprint_knows_the_data(tmp_path):
    root = people(tmp_path, {"a": 2, "b": 2})
    first = everybody(root).fingerprint()
    assert first == everybody(root).fingerprint()
    assert first["of"]["pictures"] == 4
    content = bytearray((root / "a" / "1.jpg").read_bytes())
    content[300] ^= 1
    (root / "a" / "1.jpg").write_bytes(content)
    second = everybody(root).fingerprint()
    os.rename(root / "a" / "1.jpg", root / "b" / "9.jpg")
    third = everybody(people(tmp_path, {"c": 2})).fingerprint()
    assert len({one["of"]["sha256"] for one in (first, second, third)}) == 3


def test_the_fingerprint_knows_every_size(tmp_path):
    root = people(tmp_path, {"a": 100, "b": 100}, size=(4, 4))
    prints = [everybody(root).fingerprint()["of"]]
    for file in ("a/1.jpg", "a/50.jpg", "b/50.jpg", "b/98.jpg"):
        content = (root / file).read_bytes()
        (root / file).write_bytes(content + b"\0")
        prints.append(everybody(root).fingerprint()["of"])
        (root / file).write_bytes(content)
    assert len({one["sha256"] for one in prints}) == 5


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda root: root / "nowhere", r"does not exist: set root=DIR .* LIKENESS_DATA"),
        (lambda root: root, "holds no images"),
        (lambda root: sample_image().save(root / "a.png") or root, "lie directly in"),
        (lambda root: people(root / "deep", {"a": 2, "b": 2}).parent, "one level too deep"),
        (lambda root: people(root, {"a": 1, "b": 1, "c": 1}), "None of the 3 identities"),
        (lambda root: people(root, {"a": 2, "b": 2, "c": 2}), "too few"),
    ],
)
def test_a_folder_that_does_not_suffice_is_refused(tmp_path, prepare, words):
    with pytest.raises(ValueError, match=words) as caught:
        image_folder(root=str(prepare(tmp_path)), spatial_size=24, channels=3)
    assert "\n" not in str(caught.value)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file, not a folder"):
        everybody(tmp_path / "file")
