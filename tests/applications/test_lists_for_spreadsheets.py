"""No cell of a list that is made for people is carried out by a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest

from likeness.applications.growing_file import csv_text

NAMES = [
    "=cmd|' C calc'!A0.jpg",
    "+1.jpg",
    "-1.jpg",
    "@SUM(A1).jpg",
    "\t=1.jpg",
    "\r=1.jpg",
    "|x.jpg",
    "%x.jpg",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_that_would_be_a_formula_leads_to_the_same_file_and_is_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    for cell in (name, Path(name)):
        ((read, number),) = csv.reader(io.StringIO(csv_text([(cell, -1.5)]), newline=""))
        assert read[0] == "."
        assert Path(read) == Path(name)
        assert Path(read).exists()
        assert float(number) == -1.5


def test_other_cells_stay_what_they_are() -> None:
    assert csv_text([("file", "x1"), ("a/=b.jpg", -0.5), ("~x", None)]) == "file,x1\na/=b.jpg,-0.5\n~x,\n"
