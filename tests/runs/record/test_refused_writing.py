"""A file that can't be written ends in a sentence with the mend of its cause."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from likeness.applications.growing_file import GrowingFile
from likeness.data.image_as_shown import write_image
from likeness.errors import FileError, LikenessError
from likeness.runs.record.folder import write_text
from likeness.runs.record.lock import locked


def _locked(folder: Path) -> None:
    with locked(folder):
        pass


WRITERS = {
    "a text": lambda folder: write_text(folder / "run.json", "x"),
    "a growing file": lambda folder: GrowingFile(folder / "list.csv", "x"),
    "an image": lambda folder: write_image(folder / "image.png", torch.zeros(3, 8, 8, dtype=torch.uint8)),
    "a run": _locked,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize(
    ("cause", "mend"),
    [
        (errno.EROFS, "allow writing there"),
        (errno.EACCES, "allow writing there"),
        (errno.EPERM, "allow writing there"),
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
    ],
)
def test_the_mend_is_that_of_the_cause(
    write: Callable[[Path], Any], cause: int, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise OSError(cause, os.strerror(cause))

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises((LikenessError, FileError)) as raised:
        write(tmp_path)
    assert mend in str(raised.value)
    assert ("make room" in str(raised.value)) == (mend == "make room")
