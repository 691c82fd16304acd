import numpy as np
import pytest
from sample_images import people, sample_image

from likeness.data.celeba import celeba


def original(root, labels, home="img_align_celeba"):
    """CelebA's own layout: `labels` = the identity of 000001.jpg, 000002.jpg, ..."""
    (root / home).mkdir(parents=True)
    names = [f"{i:06d}.jpg" for i in range(1, len(labels) + 1)]
    for i, name in enumerate(names):
        sample_image((20, 30), seed=i).save(root / home / name)
    lines = [f"{name} {label}\n" for name, label in zip(names, labels, strict=True)]
    (root / "identity_CelebA.txt").write_text("".join(lines))
    return root


def whole(root):
    return celeba(root=str(root), spatial_size=16, channels=3, split=(0, 0, 1)).test


@pytest.mark.parametrize("home", ["img_align_celeba", "img_align_celeba/img_align_celeba"])
def test_the_original_layout(tmp_path, home):
    images = whole(original(tmp_path, [2880, 17, 2880, 305, 17], home))
    assert [images.identity_name(i) for i in images.identity] == ["2880", "17", "2880", "305", "17"]
    assert images.name(3) == "000004.jpg"
    assert images.load([3])[0].shape == (3, 16, 16)


def test_one_folder_an_identity(tmp_path):
    images = whole(people(tmp_path, {"7201": 3, "7202": 2}))
    assert [images.identity_name(i) for i in images.identity] == ["7201"] * 3 + ["7202"] * 2


def test_both_layouts_split_the_same_people(tmp_path):
    labels = [100 + i // 2 for i in range(40)]
    first = celeba(root=str(original(tmp_path / "a", labels)), spatial_size=16, channels=3)
    counts = {str(label): 2 for label in sorted(set(labels))}
    second = celeba(root=str(people(tmp_path / "b", counts)), spatial_size=16, channels=3)
    for which in ("train", "validation", "test"):
        parts = [getattr(splits, which) for splits in (first, second)]
        names = [{part.identity_name(i) for i in part.identity} for part in parts]
        assert names[0] == names[1]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: (root / "identity_CelebA.txt").unlink(), r"but not identity_CelebA\.txt"),
        (lambda root: (root / "identity_CelebA.txt").write_text("\n"), "is empty"),
        (lambda root: (root / "identity_CelebA.txt").write_text("a.jpg 1\nb.jpg"), "Line 2"),
        (
            lambda root: (root / "identity_CelebA.txt").open("a").write("000002.jpg 2\n"),
            r"Line 5 .* names 000002\.jpg once more",
        ),
        (lambda root: (root / "img_align_celeba" / "000002.jpg").unlink(), r"1 of the 4 .* 000002\.jpg"),
        (lambda root: (root / "img_align_celeba").rename(root / "pictures"), "no img_align_celeba"),
    ],
)
def test_a_spoilt_folder_is_refused(tmp_path, spoil, words):
    root = original(tmp_path, [1, 1, 2, 2])
    spoil(root)
    with pytest.raises(ValueError, match=words):
        whole(root)


def test_a_missing_or_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="does not hold CelebA"):
        whole(tmp_path)
    with pytest.raises(ValueError, match=r"does not exist: set root=DIR"):
        whole(tmp_path / "nowhere")


@pytest.mark.real_data
def test_the_training_set(real_data):
    splits = celeba(root=str(real_data / "celeba"), spatial_size=112, channels=3)
    parts = [splits.train, splits.validation, splits.test]
    named = [{part.identity_name(i) for i in np.unique(part.identity)} for part in parts]
    assert sum(map(len, parts)) == 6178
    assert list(map(len, named)) == [235, 30, 29]
    assert len(set.union(*named)) == 294
    assert all(part.load([0])[0].shape == (3, 112, 112) for part in parts)
