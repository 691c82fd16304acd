import numpy as np
import pytest
from drawings import letter

from likeness.data.oneshot_trials import oneshot_trials

WAYS = 4


def trials_folder(root, runs=3, labels=True):
    """Runs whose items are of the classes 2, 4, 1, 3."""
    for run in range(1, runs + 1):
        home = root / f"run{run:02d}"
        (home / "training").mkdir(parents=True)
        (home / "test").mkdir()
        lines = []
        for item, shown in enumerate((2, 4, 1, 3), start=1):
            letter(100 * run + shown, 1).save(home / "training" / f"class{shown:02d}.png")
            letter(100 * run + shown, 2).save(home / "test" / f"item{item:02d}.png")
            lines.append(f"run{run:02d}/test/item{item:02d}.png run{run:02d}/training/class{shown:02d}.png")
        if labels:
            (home / "class_labels.txt").write_text("\n".join(lines) + "\n")
    return root


def read(root):
    return oneshot_trials(root=str(root), spatial_size=16, channels=1)


@pytest.mark.parametrize("home", ["", "all_runs"])
def test_each_item_is_asked_of_the_classes_of_its_run(tmp_path, home):
    trials_folder(tmp_path / home)
    splits = read(tmp_path)
    assert (splits.train, splits.validation, splits.all_known) == (None, None, False)
    assert splits.trials.query.shape == splits.trials.support.shape == (3, WAYS)
    name = splits.test.name
    for run in range(3):
        asked, shown = (
            [name(int(i)) for i in side[run]] for side in (splits.trials.query, splits.trials.support)
        )
        assert asked == [f"run{run + 1:02d}/test/item{i:02d}.png" for i in range(1, 5)]
        assert shown == [f"run{run + 1:02d}/training/class{i:02d}.png" for i in (2, 4, 1, 3)]
    identity = splits.test.identity
    assert (identity[splits.trials.query] == identity[splits.trials.support]).all()
    pairs = splits.pairs
    assert ((identity[pairs.first] == identity[pairs.second]) == pairs.same).all()
    assert pairs.same.mean() == 0.5
    assert [name(int(i))[:5] for i in pairs.first] == [name(int(i))[:5] for i in pairs.second]
    assert np.bincount(pairs.fold).tolist() == [2 * WAYS] * 3


def spoil(root, line, text):
    listing = root / "run02" / "class_labels.txt"
    lines = listing.read_text().splitlines()
    lines[line : line + 1] = [text] if text is not None else []
    listing.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (0, "run02/test/item01.png", "Line 1 of .*class_labels.txt should name an item and its class"),
        (
            1,
            "run02/test/item02.png run02/training/class09.png",
            "class09.png, named in line 2 of .* is missing",
        ),
        (1, "run02/test/item01.png run02/training/class04.png", "names run02/test/item01.png twice"),
        (1, "run02/./test/item01.png run02/training/class04.png", "names run02/test/item01.png twice"),
        (
            0,
            "run02/training/class02.png run02/test/item01.png",
            "Line 1 of .* should name an item and its class",
        ),
        (0, "run01/test/item01.png run01/training/class02.png", "as 'run02/test/item01.png"),
        (3, None, "names no item of the class run02/training/class03.png"),
    ],
)
def test_labels_that_are_wrong_are_told_by_line(tmp_path, line, text, words):
    spoil(trials_folder(tmp_path), line, text)
    with pytest.raises(ValueError, match=words):
        read(tmp_path)


def test_a_folder_without_labels_or_runs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no folders run01"):
        read(tmp_path)
    trials_folder(tmp_path, labels=False)
    with pytest.raises(ValueError, match=r"run01 holds no class_labels.txt, which says of what class"):
        read(tmp_path)


def test_runs_of_other_numbers_of_classes_are_refused(tmp_path):
    trials_folder(tmp_path)
    spoil(tmp_path, 3, None)
    (tmp_path / "run02" / "training" / "class03.png").unlink()
    with pytest.raises(ValueError, match="run02 has 3 trials, but run01 has 4"):
        read(tmp_path)
