"""WIDER FACE's lists of easy, medium and hard faces of its validation images (Yang et al. 2016)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from likeness.data.reading import reading

LISTS = ("easy", "medium", "hard")
FOLDERS = ("", "wider_face_split", "ground_truth", "eval_tools/ground_truth")
"""Where the files may lie below WIDER FACE's root: the last is where its archive of tools has them."""

FaceList = Mapping[str, NDArray[np.int64]]
"""By an image's name, such as 0--Parade/a.jpg, the places of the list's faces among its annotated ones, from 0."""


def wider_lists(root: str | Path) -> dict[str, FaceList] | None:
    """The lists easy, medium and hard of `wider_NAME_val.mat` below `root`; None where not all three are there.

    The faces of an image stand in one order there and in `wider_face_val_bbx_gt.txt`.

    Raises:
        ValueError: a file is not such a list.
    """
    for folder in FOLDERS:
        files = {name: Path(root).expanduser() / folder / f"wider_{name}_val.mat" for name in LISTS}
        if all(file.is_file() for file in files.values()):
            return {name: _read(file) for name, file in files.items()}
    return None


def _read(file: Path) -> FaceList:
    with reading(file):
        content = file.open("rb")
    with content:
        try:
            tables = loadmat(content, variable_names=["event_list", "file_list", "gt_list"])
            found = {}
            for event, names, kept in zip(
                *(tables[name].ravel() for name in ("event_list", "file_list", "gt_list")), strict=True
            ):
                for name, rows in zip(names.ravel(), kept.ravel(), strict=True):
                    image = f"{np.ravel(event)[0]}/{np.ravel(name)[0]}.jpg"
                    found[image] = np.asarray(rows, dtype=np.int64).ravel() - 1  # MATLAB counts from 1
        except Exception as error:  # SciPy raises what it meets
            raise ValueError(
                f"{file} is not one of WIDER FACE's lists of faces ({error}): unpack it again."
            ) from error
    return found
