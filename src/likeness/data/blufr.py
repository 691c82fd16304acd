"""The lists of BLUFR (Liao et al. 2014) over the images of LFW: trials of open-set identification."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.image_files import existing_folder
from likeness.data.images import Images
from likeness.data.reading import reading

IMAGES, LABELS, GALLERY, PROBE = "image_list.txt", "labels.txt", "gallery_set.txt", "probe_set.txt"


Trial = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The places of the images that are enrolled, one a subject, `[G]`, and of those that search, `[P]`."""


class _Line(NamedTuple):
    """A line of a list: its file, its number, and what it says."""

    path: Path
    number: int
    text: str

    def wrong(self, should: str) -> ValueError:
        return ValueError(
            f"Line {self.number} of {self.path} should be {should}, but is {self.text[:80]!r}: put BLUFR's own list "
            "there."
        )

    def count(self, should: str) -> int:
        """The number that the line is."""
        text = self.text.strip()
        if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0 and len(text) < 9):
            raise self.wrong(should)
        return int(text)


def blufr_trials(samples: Images, *, root: str) -> list[Trial]:
    """BLUFR's trials over `samples`, which are LFW's images by their file names.

    The folder `root` holds `image_list.txt` and `labels.txt`, a line for each image, and `gallery_set.txt` and
    `probe_set.txt`: the number of trials, then for each the number of its images and a line `index, name` for each,
    counted from 1 in the image list. Trials may be fewer or more than the benchmark's ten.

    Raises:
        ValueError: a file is missing or cut short, a line is malformed or contradicts the image list, an image is twice
            in a trial, the gallery has a subject twice, an image is not among the samples, or is of another identity
            there than the labels say.
    """
    folder = existing_folder(root, f"the lists of BLUFR ({GALLERY}, {PROBE}, {IMAGES} and {LABELS})")
    names = [line.text.strip() for line in _lines(folder / IMAGES)]
    label = np.array(
        [line.count("the number of a class") for line in _lines(folder / LABELS)], dtype=np.int64
    )
    if len(label) != len(names):
        raise ValueError(
            f"{folder / LABELS} has {len(label)} lines and {IMAGES} {len(names)}: put BLUFR's own lists there."
        )
    gallery, probe = _sets(folder / GALLERY, names), _sets(folder / PROBE, names)
    if len(gallery) != len(probe):
        raise ValueError(
            f"{folder / GALLERY} has {len(gallery)} trials and {PROBE} {len(probe)}: put BLUFR's own lists there."
        )
    for number, (enrolled, asking) in enumerate(zip(gallery, probe, strict=True), start=1):
        both = np.concatenate([enrolled, asking])
        if len(again := _repeated(both)):
            raise ValueError(
                f"Trial {number} in {folder} has {names[again[0]]} twice: put BLUFR's own lists there."
            )
        if len(again := _repeated(label[enrolled])):
            shown = names[enrolled[label[enrolled] == again[0]][1]]
            raise ValueError(
                f"Trial {number} in {folder / GALLERY} has a subject twice, the second time by {shown}: put BLUFR's "
                "own list there."
            )
    place = _places(samples, names, label, np.unique(np.concatenate([*gallery, *probe])), folder)
    return [(place[enrolled], place[asking]) for enrolled, asking in zip(gallery, probe, strict=True)]


def _lines(path: Path) -> list[_Line]:
    """The lines of a file, without blank ones at its end."""
    if not path.is_file():
        raise ValueError(f"{path.parent} holds no {path.name}, one of BLUFR's lists: put it there.")
    with reading(path):
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").rstrip().splitlines()
    if not lines:
        raise ValueError(f"{path} is empty: put BLUFR's own list there.")
    return [_Line(path, number, text) for number, text in enumerate(lines, start=1)]


def _sets(path: Path, names: list[str]) -> list[NDArray[np.int64]]:
    """Of each trial the images, as places in the image list."""
    lines = iter(_lines(path))
    trials = next(lines).count("the number of trials")
    found = [_block(path, lines, names, trial) for trial in range(1, trials + 1)]
    if (left := next(lines, None)) is not None:
        raise ValueError(
            f"{path} goes on after its {trials} trials, in line {left.number}: put BLUFR's own list there."
        )
    return found


def _block(path: Path, lines: Iterator[_Line], names: list[str], trial: int) -> NDArray[np.int64]:
    head = next(lines, None)
    wanted = 0 if head is None else head.count(f"the number of images of trial {trial}")
    images: list[int] = []
    for line, _ in zip(lines, range(wanted), strict=False):
        images.append(_image(line, names))
        if len(images) == wanted:
            return np.array(images, dtype=np.int64)
    raise ValueError(f"{path} ends within trial {trial}: put BLUFR's whole list there.")


def _image(line: _Line, names: list[str]) -> int:
    index, _, name = line.text.partition(",")
    index, name = index.strip(), name.strip()
    if not (index.isascii() and index.isdecimal() and len(index) < 9 and name):
        raise line.wrong("the index and the name of an image, such as '4, Aaron_Peirsol_0001.jpg'")
    if not 1 <= int(index) <= len(names) or names[int(index) - 1] != name:
        listed = f"line {index} of {IMAGES}"
        raise line.wrong(f"what {listed} says")
    return int(index) - 1


def _repeated(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values that come more than once."""
    found, times = np.unique(values, return_counts=True)
    return found[times > 1]


def _places(
    samples: Images, names: list[str], label: NDArray[np.int64], used: NDArray[np.int64], folder: Path
) -> NDArray[np.int64]:
    """Of each image of the list the index among the samples; -1 where it is not `used`."""
    known = {Path(samples.name(i)).stem: i for i in range(len(samples))}
    place = np.full(len(names), -1, dtype=np.int64)
    for image in used.tolist():
        found = known.get(Path(names[image]).stem)
        if found is None:
            raise ValueError(
                f"{names[image]}, of BLUFR's lists in {folder}, is not among the images to test on: test on all of "
                "LFW, with data=lfw."
            )
        place[image] = found
    shown, said = samples.identity[place[used]], label[used]
    couples = np.unique(np.stack([shown, said]), axis=1)
    for values, of in ((couples[0], shown), (couples[1], said)):
        if len(again := _repeated(values)):
            odd = names[used[np.flatnonzero(of == again[0])[-1]]]
            raise ValueError(
                f"{LABELS} in {folder} and the folders of the images disagree about who is shown, as about {odd}: put "
                "BLUFR's own list, and LFW's folders, there."
            )
    return place
