"""The one-shot trials of Omniglot (Lake et al. 2015), and other trials in their format."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.found_images import has_image_name
from likeness.data.image_files import ImageFiles, existing_folder
from likeness.data.images import DataSplits, Pairs, Trials
from likeness.randomness import generator
from likeness.spatial import SpatialSize

LABELS = "class_labels.txt"


class _Run(NamedTuple):
    """A folder of trials: the images of its classes, and the item to be recognised of each."""

    name: str
    support: list[str]
    query: list[str]


def oneshot_trials(*, root: str, spatial_size: SpatialSize, channels: int) -> DataSplits:
    """One-shot trials as test images; nothing to train on.

    Each folder `runNN` of `root` (or of a folder in it, as `all_runs`) holds `training/classNN.png`, one image a
    class, `test/itemNN.png`, and `class_labels.txt`, each line of which names an item and its class:
    `run01/test/item01.png run01/training/class08.png`. Every class has one item, and every run as many classes.

    For verification each item is paired with its own class and with another that is drawn; a run is a fold.

    Raises:
        ValueError: `root`, its runs, their labels or an image that these name are missing, or a line is malformed.
    """
    folder = existing_folder(root, f"the folders runNN of one-shot trials, each with its {LABELS}")
    home, names = _runs(folder)
    if not names:
        raise ValueError(f"{root} holds no folders run01, run02, ... of one-shot trials: unpack them there.")
    runs = [_read(home, name) for name in names]
    ways = len(runs[0].query)
    if odd := next((run for run in runs if len(run.query) != ways), None):
        raise ValueError(
            f"{home / odd.name} has {len(odd.query)} trials, but {runs[0].name} has {ways}: all runs need equally many."
        )
    if len(runs) < 2 or ways < 2:
        raise ValueError(f"{root} needs at least two runs of two trials: unpack all of them there.")
    classes = len(runs) * ways
    samples = ImageFiles(
        home,
        [file for run in runs for file in (*run.support, *run.query)],
        np.concatenate([np.tile(np.arange(ways), 2) + number * ways for number in range(len(runs))]),
        [f"{run.name}/{Path(file).stem}" for run in runs for file in run.support],
        spatial_size=spatial_size,
        channels=channels,
    )
    index = np.arange(2 * classes).reshape(len(runs), 2, ways)
    trials = Trials(support=index[:, 0], query=index[:, 1])
    return DataSplits(
        train=None, validation=None, test=samples, pairs=_pairs(trials), all_known=False, trials=trials
    )


def _runs(folder: Path) -> tuple[Path, list[str]]:
    """The runs' names, and where they lie."""
    for home in (folder, *sorted(entry for entry in folder.iterdir() if entry.is_dir())):
        names = sorted(entry.name for entry in home.glob("run[0-9]*") if entry.is_dir())
        if names:
            return home, names
    return folder, []


def _read(home: Path, name: str) -> _Run:
    listing = home / name / LABELS
    if not listing.is_file():
        raise ValueError(
            f"{home / name} holds no {LABELS}, which says of what class each item is: put it there."
        )
    run = _Run(name, [], [])
    for number, line in enumerate(
        listing.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
    ):
        fields = line.split()
        if not fields:
            continue
        if [Path(field).parent for field in fields] != [Path(name, "test"), Path(name, "training")]:
            raise ValueError(
                f"Line {number} of {listing} should name an item and its class, as '{name}/test/item01.png "
                f"{name}/training/class08.png', but is '{line[:80]}': mend that line."
            )
        item, shown = (str(Path(field)) for field in fields)
        for file in (item, shown):
            if not os.path.isfile(home / file):
                raise ValueError(
                    f"{home / file}, named in line {number} of {listing}, is missing: put it back."
                )
            if file in run.query or file in run.support:
                raise ValueError(f"{listing} names {file} twice: every class has one item; mend that file.")
        run.query.append(item)
        run.support.append(shown)
    lying = {
        str(Path(name, "training", file.name))
        for file in (home / name / "training").iterdir()
        if has_image_name(file.name)
    }
    if unnamed := sorted(lying - set(run.support)):
        raise ValueError(f"{listing} names no item of the class {unnamed[0]}: mend that file.")
    return run


def _pairs(trials: Trials) -> Pairs:
    """Each item with its own class, and with another of its run."""
    episodes, ways = trials.query.shape
    draw = generator("other classes of one-shot trials", episodes, ways)
    other = (np.arange(ways) + draw.integers(1, ways, size=(episodes, ways))) % ways
    fold: NDArray[np.int64] = np.repeat(np.arange(episodes), ways)
    return Pairs(
        first=np.tile(trials.query.ravel(), 2),
        second=np.concatenate(
            [trials.support.ravel(), np.take_along_axis(trials.support, other, axis=1).ravel()]
        ),
        same=np.repeat([True, False], fold.size),
        fold=np.tile(fold, 2),
    )
