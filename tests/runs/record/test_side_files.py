"""What a run's folder holds beside its record, read when it was cut short, altered or taken away."""

import random
import string
from pathlib import Path

import pytest

from likeness.errors import LikenessError
from likeness.runs.record.appended import begins_with, head_of
from likeness.runs.record.checkpoint_hashes import cut_hashes, noted_hashes
from likeness.runs.record.folder import create_folder
from likeness.runs.record.json_file import read_json
from likeness.runs.record.logged import HEADER, is_whole, read_metrics, readable_metrics
from likeness.runs.record.shape import Results
from likeness.runs.record.sweep_shape import Ledger
from likeness.runs.training.metrics import cut_metrics

ROWS = [f"{step},loss,{step / 7!r}\n" for step in range(1, 9)]


def test_a_file_begins_with_what_it_held_as_long_as_nothing_of_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(HEADER + "".join(ROWS[:4]))
    head = head_of(path)
    with path.open("a") as file:
        file.write("".join(ROWS[4:]))
    assert begins_with(path, head)
    whole = path.read_bytes()
    for altered in (whole[: head.bytes - 1], whole.replace(b"3,loss", b"3,lost"), b""):
        path.write_bytes(altered)
        assert not begins_with(path, head)
    path.unlink()
    assert not begins_with(path, head)


def test_rows_are_cut_at_a_step_and_at_what_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(HEADER + "".join([*ROWS[:3], "garbage\n", "4,loss,x\n", *ROWS[4:]]) + "9,loss,0.")
    assert not is_whole(tmp_path)
    with pytest.raises(LikenessError, match=r"metrics\.csv can't be read: line 5 was altered"):
        list(read_metrics(tmp_path))
    assert [row.step for row in readable_metrics(tmp_path)] == [1, 2, 3, 5, 6, 7, 8]
    cut_metrics(tmp_path, 6)
    assert path.read_text() == HEADER + "".join([*ROWS[:3], *ROWS[4:6]])
    assert is_whole(tmp_path)


def test_hashes_are_cut_at_a_step_and_at_what_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    path = tmp_path / "checkpoints" / "hashes.csv"
    rows = [f"{step},{'a' * 64},{'b' * 64}\n" for step in (2, 4, 6)]
    path.write_text("step,weights,optimizer\n" + rows[0] + "4,zz,yy\nx\n" + rows[1] + rows[2] + "8,")
    assert [row["step"] for row in noted_hashes(tmp_path)] == [2, 4, 6]
    cut_hashes(tmp_path, 4)
    assert path.read_text() == "step,weights,optimizer\n" + rows[0] + rows[1]
    path.write_bytes(bytes(40))
    assert noted_hashes(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "it is no JSON"),
        (b"\xff\x00", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "the whole: Input should be a valid dictionary"),
        (b'{"trained": {"a": {"value": "1", "low": null, "high": null, "count": 1}}}', "trained.a.value"),
        (b'{"trained": {"a": {"value": 1}}}', "trained.a.low: Field required"),
    ],
)
def test_json_of_another_shape_is_one_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(LikenessError) as caught:
        read_json(path, Results)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    with pytest.raises(LikenessError):
        read_json(path, Ledger)


def test_run_ids_never_go_back_with_the_clock(tmp_path: Path) -> None:
    ahead = tmp_path / "name" / "29991231-235958-ffff"
    ahead.mkdir(parents=True)
    first = create_folder(tmp_path, "name")
    assert first.name.startswith("29991231-235959-")
    assert create_folder(tmp_path, "other").name < first.name
    draws = random.Random(0)
    for _ in range(20):  # whatever else lies there is no run
        (tmp_path / "name" / "".join(draws.choices(string.digits + "-", k=20))).mkdir(exist_ok=True)
    assert create_folder(tmp_path, "name").name[:15] >= first.name[:15]
