import numpy as np
import pytest
from sample_images import people

from likeness.data.pair_list import pair_list


def lines_of(pairs=12):
    """As many pairs of one person as of two, of 2 * pairs people."""
    same = [f"p{i}/0.jpg,p{i}/1.jpg,1" for i in range(pairs)]
    different = [f"p{i}/0.jpg, p{(i + 1) % pairs}/1.jpg ,0" for i in range(pairs)]
    return same + different


@pytest.fixture
def root(tmp_path):
    return people(tmp_path / "images", {f"p{i}": 2 for i in range(12)})


def read(path, root=None):
    return pair_list(path=str(path), root=None if root is None else str(root), spatial_size=16, channels=3)


def written(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("header", [[], ["first,second,same"], ["path a,path b,is same"]])
def test_pairs_are_those_of_the_file(root, header):
    splits = read(written(root / "pairs.csv", header + lines_of()))
    assert (splits.train, splits.validation, splits.all_known) == (None, None, False)
    pairs = splits.pairs
    found = [
        f"{splits.test.name(int(a))},{splits.test.name(int(b))},{int(same)}"
        for a, b, same in zip(pairs.first, pairs.second, pairs.same, strict=True)
    ]
    assert found == [line.replace(" ", "") for line in lines_of()]
    identity = splits.test.identity
    assert ((identity[pairs.first] == identity[pairs.second]) == pairs.same).all()
    for fold in range(10):
        assert set(pairs.same[pairs.fold == fold]) == {True, False}
    assert (np.diff(pairs.fold[pairs.same]) >= 0).all()


def test_paths_may_start_elsewhere(root, tmp_path):
    splits = read(written(tmp_path / "pairs.csv", lines_of()), root)
    assert splits.test.load([0])[0].shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "p0/0.jpg,p1/0.jpg,2",
            "Line 3 of .*pairs.csv should be two paths and a label, 1 .* but is 'p0/0.jpg,p1/0.jpg,2'",
        ),
        ("p0/0.jpg,p1/0.jpg,yes", "Line 3"),
        ("p0/0.jpg,p1/0.jpg", "Line 3"),
        ("p0/0.jpg,p99/0.jpg,0", "p99/0.jpg, named in line 3 of .*pairs.csv, is missing"),
        ("p0/0.jpg,p0/./0.jpg,1", "Line 3 of .* pairs p0/0.jpg with itself"),
        ('"p0/0.jpg,p1/0.jpg,1', 'Line 3 of .* but is ."p0/0.jpg,p1/0.jpg,1.: mend that line'),
        ("p1/1.jpg,./p1/0.jpg,0", "Lines 2 and 3 of .* are one pair"),
        (f"{'p' * 300}.jpg,p1/0.jpg,0", "named in line 3 of .*, is missing"),
    ],
)
def test_a_line_that_is_wrong_is_named(root, line, words):
    lines = lines_of()
    lines[2] = line
    with pytest.raises(ValueError, match=words):
        read(written(root / "pairs.csv", lines))


@pytest.mark.parametrize("label", ["2", "True", "yes"])
def test_a_first_line_with_another_label_is_no_header(root, label):
    with pytest.raises(ValueError, match="Line 1 of"):
        read(written(root / "pairs.csv", [f"p0/0.jpg,p1/0.jpg,{label}", *lines_of()]))


def test_a_file_that_is_missing_or_short_is_refused(root):
    with pytest.raises(ValueError, match=r"There is no file .*nowhere.csv: set .path"):
        read(root / "nowhere.csv")
    with pytest.raises(
        ValueError, match="has 9 pairs of one identity and 9 of two, but each of the 10 folds"
    ):
        read(written(root / "pairs.csv", lines_of(9)))


def test_a_chain_that_contradicts_a_pair_of_two_people_is_its_word(root):
    """Pairs say p0 = p1 = p2 by a chain, and yet that two of them differ: the file's word on a pair counts."""
    lines = [*lines_of(), "p0/1.jpg,p1/0.jpg,1", "p1/1.jpg,p2/0.jpg,1"]
    splits = read(written(root / "pairs.csv", lines))
    assert splits.pairs.same.tolist() == [line.endswith("1") for line in lines]
