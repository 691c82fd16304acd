"""The lists of BLUFR over images of LFW."""

from pathlib import Path

import numpy as np
import pytest

from likeness.data.blufr import blufr_trials
from likeness.data.image_files import ImageFiles
from likeness.data.lfw import lfw
from likeness.evaluation.identification import OpenSetTrial

FILES = ["Ann/Ann_0001.png", "Ann/Ann_0002.png", "Bo/Bo_0001.png", "Bo/Bo_0002.png", "Cy/Cy_0001.png"]
LISTS = {  # in another order than the files, and of another extension
    "image_list.txt": ["Bo_0001.jpg", "Ann_0001.jpg", "Ann_0002.jpg", "Cy_0001.jpg", "Bo_0002.jpg"],
    "labels.txt": ["2", "1", "1", "3", "2"],
    "gallery_set.txt": ["2", "1", "2, Ann_0001.jpg", "2", "1, Bo_0001.jpg", "3, Ann_0002.jpg"],
    "probe_set.txt": ["2", "2", "3, Ann_0002.jpg", "4, Cy_0001.jpg", "1", "4, Cy_0001.jpg"],
}


def samples(identity=(0, 0, 1, 1, 2)):
    names = ["Ann", "Bo", "Cy"]
    return ImageFiles(Path("faces"), FILES, np.array(identity), names, spatial_size=8, channels=3)


def written(folder, **changed):
    for name, lines in {**LISTS, **changed}.items():
        if lines is not None:
            (folder / name).write_text("\n".join(lines) + "\n")
    return str(folder)


def test_trials_point_at_the_images_that_they_name(tmp_path):
    first, second = (OpenSetTrial(*one) for one in blufr_trials(samples(), root=written(tmp_path)))
    assert [FILES[i] for i in first.gallery] == ["Ann/Ann_0001.png"]
    assert [FILES[i] for i in first.probe] == ["Ann/Ann_0002.png", "Cy/Cy_0001.png"]
    assert [FILES[i] for i in second.gallery] == ["Bo/Bo_0001.png", "Ann/Ann_0002.png"]
    assert [FILES[i] for i in second.probe] == ["Cy/Cy_0001.png"]


def changed(name, line, text):
    lines = list(LISTS[name])
    lines[line] = text
    return {name: [each for each in lines if each is not None]}


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"probe_set.txt": None}, "holds no probe_set.txt"),
        ({"labels.txt": []}, "labels.txt is empty"),
        (changed("gallery_set.txt", 0, "two"), "Line 1 of .*gallery_set.txt should be the number of trials"),
        (changed("gallery_set.txt", 0, "0"), "Line 1 of .* the number of trials"),
        (changed("gallery_set.txt", 0, "9" * 30), "Line 1 of .* the number of trials"),
        (changed("gallery_set.txt", 0, "1"), "goes on after its 1 trials, in line 4"),
        (changed("gallery_set.txt", 0, "3"), "ends within trial 3"),
        (changed("gallery_set.txt", 1, "1, Bo_0001.jpg"), "Line 2 of .* the number of images of trial 1"),
        (changed("gallery_set.txt", 5, None), "ends within trial 2"),
        (changed("gallery_set.txt", 2, "Ann_0001.jpg"), "Line 3 of .* such as '4, Aaron"),
        (
            changed("gallery_set.txt", 2, "0, Ann_0001.jpg"),
            "Line 3 of .* should be what line 0 of image_list",
        ),
        (
            changed("gallery_set.txt", 2, "6, Ann_0001.jpg"),
            "Line 3 of .* should be what line 6 of image_list",
        ),
        (
            changed("gallery_set.txt", 2, "1, Ann_0001.jpg"),
            "Line 3 of .* should be what line 1 of image_list",
        ),
        (changed("gallery_set.txt", 5, "5, Bo_0002.jpg"), "Trial 2 .* a subject twice, .* by Bo_0002.jpg"),
        (changed("probe_set.txt", 2, "2, Ann_0001.jpg"), "Trial 1 in .* has Ann_0001.jpg twice"),
        (changed("probe_set.txt", 2, "4, Cy_0001.jpg"), "Trial 1 in .* has Cy_0001.jpg twice"),
        ({"probe_set.txt": ["1", "1", "4, Cy_0001.jpg"]}, "has 2 trials and probe_set.txt 1"),
        (changed("labels.txt", 4, None), "has 4 lines and image_list.txt 5"),
        (changed("labels.txt", 1, "x"), "Line 2 of .*labels.txt should be the number of a class, but is 'x'"),
        (changed("labels.txt", 2, "3"), "disagree about who is shown"),
        (changed("labels.txt", 3, "2"), "disagree about who is shown"),
    ],
)
def test_bad_lists_are_told(tmp_path, lists, words):
    with pytest.raises(ValueError, match=words):
        blufr_trials(samples(), root=written(tmp_path, **lists))


def test_a_missing_folder_and_other_images_are_told(tmp_path):
    with pytest.raises(ValueError, match="does not exist: set root=DIR"):
        blufr_trials(samples(), root=str(tmp_path / "nowhere"))
    others = ImageFiles(
        Path("faces"), FILES[:4], np.array([0, 0, 1, 1]), ["Ann", "Bo"], spatial_size=8, channels=3
    )
    with pytest.raises(ValueError, match=r"Cy_0001.jpg, of BLUFR's lists .* data=lfw"):
        blufr_trials(others, root=written(tmp_path))


@pytest.mark.real_data
def test_the_benchmarks_own_lists(real_data):
    """The numbers that its protocol states: ten trials, 1,000 subjects enrolled, each image once."""
    tested = lfw(root=str(real_data / "lfw"), spatial_size=112, channels=3).test
    trials = [OpenSetTrial(*one) for one in blufr_trials(tested, root=str(real_data / "blufr"))]
    assert len(trials) == 10
    for trial in trials:
        enrolled = tested.identity[trial.gallery]
        assert len(np.unique(enrolled)) == len(enrolled) == 1000
        assert not np.isin(trial.gallery, trial.probe).any()
    mated = [np.isin(tested.identity[each.probe], tested.identity[each.gallery]) for each in trials]
    assert int(np.mean([each.sum() for each in mated])) == 4350  # the paper's averages
    assert int(np.mean([(~each).sum() for each in mated])) == 4357
    assert sum(len(trial.probe) for trial in trials) == 87094 - 11
    listed = [
        line.split(", ")[1] for line in (real_data / "blufr/gallery_set.txt").read_text().splitlines()[2:1002]
    ]
    assert [Path(tested.name(int(i))).name for i in trials[0].gallery] == listed
