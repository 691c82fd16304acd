import numpy as np
import pytest
from sample_images import sample_image

from likeness.data.lfw import lfw, parse_pairs

LINES = [
    "2\t2",
    "Ann_Lee\t1\t2",
    "Ann_Lee\t1\t3",
    "Ann_Lee\t1\tBo\t1",
    "Bo\t2\tCy_Du-Ma\t1",
    "Bo\t1\t2",
    "Ann_Lee\t2\t3",
    "Cy_Du-Ma\t1\tAnn_Lee\t3",
    "Bo\t2\tAnn_Lee\t2",
]


def written(root, lines=LINES, home="", extension="jpg"):
    for seed, (person, count) in enumerate({"Ann_Lee": 3, "Bo": 2, "Cy_Du-Ma": 1}.items()):
        (root / home / person).mkdir(parents=True)
        for i in range(1, count + 1):
            sample_image((20, 20), seed=10 * seed + i).save(
                root / home / person / f"{person}_{i:04d}.{extension}"
            )
    (root / "pairs.txt").write_text("\n".join(lines) + "\n")
    return root


def read(root):
    return lfw(root=str(root), spatial_size=16, channels=3)


@pytest.mark.parametrize("home", ["", "lfw", "lfw-deepfunneled"])
def test_pairs_point_at_the_images_that_they_name(tmp_path, home):
    splits = read(written(tmp_path, home=home))
    assert (splits.train, splits.validation) == (None, None)
    assert len(splits.test) == 6
    names = [[splits.test.name(int(i)) for i in side] for side in splits.pairs[:2]]
    found = list(zip(*names, splits.pairs.same.tolist(), splits.pairs.fold.tolist(), strict=True))
    assert found[1] == ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0003.jpg", True, 0)
    assert found[3] == ("Bo/Bo_0002.jpg", "Cy_Du-Ma/Cy_Du-Ma_0001.jpg", False, 0)
    assert found[7] == ("Bo/Bo_0002.jpg", "Ann_Lee/Ann_Lee_0002.jpg", False, 1)
    identity = splits.test.identity
    assert ((identity[splits.pairs.first] == identity[splits.pairs.second]) == splits.pairs.same).all()
    assert splits.pairs.fold.tolist() == [0] * 4 + [1] * 4


def test_other_extensions_serve_too(tmp_path):
    splits = read(written(tmp_path, extension="png"))
    assert splits.test.name(int(splits.pairs.first[0])) == "Ann_Lee/Ann_Lee_0001.png"


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (0, "hello", "Line 1 .* number of folds"),
        (0, "2300", "Line 1"),
        (0, "1\t4", "number of folds, two at least"),
        (0, "10\t0", "number of folds, two at least"),
        (0, "9" * 5000 + "\t2", "Line 1"),
        (0, "10\t300", "6000 pairs .* holds 8"),
        (1, "Ann_Lee\t1\tBo\t1", "Line 2 .* one identity's"),
        (3, "Ann_Lee\t1\t2", "Line 4 .* two identities'"),
        (3, "Bo\t1\tBo\t2", "Line 4"),
        (5, "Bo\t1\tx", "Line 6"),
        (5, "Bo\t1\t" + "9" * 5000, "Line 6"),
        (5, "Bo\t2\t2", "Line 6 .* pairs an image with itself"),
        (6, "Ann_Lee\t2\t1", "Lines 2 and 7 .* are one pair"),
        (6, "", "Line 7"),
        (6, "Ann_Lee\t2\t4", r"Ann_Lee_0004, named in line 7 .* put Ann_Lee/Ann_Lee_0004\.jpg"),
        (7, "Nobody\t1\tBo\t1", "Nobody_0001, named in line 8"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, text, words):
    lines = [text if i == line else other for i, other in enumerate(LINES)]
    with pytest.raises(ValueError, match=words):
        read(written(tmp_path, lines))


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path):
    root = written(tmp_path)
    (root / "pairs.txt").write_bytes(b"\xef\xbb\xbf" + (root / "pairs.txt").read_bytes())
    assert len(read(root).pairs.same) == 8


def test_lines_missing_or_left_over_are_refused(tmp_path):
    for lines in (LINES[:-1], [*LINES, "Bo\t1\t2"], []):
        (tmp_path / "pairs.txt").write_text("\n".join(lines))
        with pytest.raises(ValueError, match="put View 2's"):
            parse_pairs(tmp_path / "pairs.txt")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"does not exist: set root=DIR to LFW"):
        read(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="does not hold LFW"):
        read(tmp_path)
    (written(tmp_path) / "pairs.txt").unlink()
    with pytest.raises(ValueError, match=r"holds no pairs\.txt"):
        read(tmp_path)


@pytest.mark.real_data
def test_view_2(real_data):
    splits = lfw(root=str(real_data / "lfw"), spatial_size=112, channels=3)
    assert len(splits.test) == 13233
    assert np.unique(splits.test.identity).size == 5749
    pairs = splits.pairs
    assert np.bincount(pairs.fold).tolist() == [600] * 10
    assert np.bincount(pairs.fold, weights=pairs.same).tolist() == [300] * 10
    identity = splits.test.identity
    assert ((identity[pairs.first] == identity[pairs.second]) == pairs.same).all()
    assert (pairs.first != pairs.second).all()
