"""In the place of a run's file lies a file: whatever else is there keeps nobody waiting and leads nowhere."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.errors import LikenessError
from likeness.runs.record import no_file
from likeness.runs.record.key_in import key_in
from likeness.runs.record.lock import is_held, locked
from likeness.runs.record.record_file import read_record
from likeness.runs.record.sealed import SealedFiles

PLACES = ["metrics.csv", "log.txt", "run.lock", "figures/roc.png", "checkpoints/step-00000004.ckpt"]
OTHERS: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe or a device": os.mkfifo,
    r"a link that leads nowhere \(No such": lambda path: path.symlink_to("gone"),
    r"a link that leads nowhere \(Too many": lambda path: path.symlink_to(path.name),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for part in ("figures", "checkpoints"):
        (tmp_path / "run" / part).mkdir(parents=True)
    return tmp_path / "run"


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_refused_by_who_reads_and_by_who_goes_on(name: str, what: str, run: Path) -> None:
    OTHERS[what](run / name)
    with pytest.raises(LikenessError, match=rf"{name} is {what}.*, where a run has a file"):
        SealedFiles(run)
    with pytest.raises(LikenessError, match=rf"{name} is {what}"), locked(run):
        pass


def test_a_file_that_is_taken_away_meanwhile_is_no_link(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hashes of data are written beside a run, under another name until they are whole."""
    (run / "data.begun.csv").touch()
    listed = no_file._entries

    def taken_away(folder: Path) -> list[os.DirEntry[str]]:
        entries = list(listed(folder))
        for entry in entries:
            Path(entry.path).unlink()
        return entries

    monkeypatch.setattr(no_file, "_entries", taken_away)
    no_file.refuse_no_file(run)
    assert not (run / "data.begun.csv").exists()


def test_folders_of_other_names_are_nobodys(run: Path) -> None:
    """Trackers keep their own beside a run."""
    (run / "wandb").mkdir()
    (run / "notes").symlink_to("gone")
    SealedFiles(run)
    with locked(run):
        pass


@pytest.mark.parametrize("name", ["log.txt", "metrics.csv", "run.lock", "checkpoints/hashes.csv"])
def test_nothing_is_written_through_a_link(name: str, run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (run / name).symlink_to(tmp_path / "mine.txt")
    SealedFiles(run)  # to read it harms nobody
    with pytest.raises(LikenessError, match=rf"{name} is a link, and a run that goes on"), locked(run):
        pass
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("gone"), os.mkfifo])
@pytest.mark.parametrize("part", ["figures", "checkpoints"])
def test_a_folder_of_a_run_is_a_folder(part: str, make: Callable[[Path], object], run: Path) -> None:
    (run / part).rmdir()
    make(run / part)
    with pytest.raises(LikenessError, match=rf"/{part} (is a link that leads nowhere|can't be read as a)"):
        SealedFiles(run)


def test_a_pipe_keeps_nobody_waiting_who_looks_over_past_runs(run: Path) -> None:
    os.mkfifo(run / "run.json")
    assert key_in(run) is None
    with pytest.raises(LikenessError, match=r"run\.json can't be read \(it is no file\)"):
        read_record(run)
    os.mkfifo(run / "run.lock")
    is_held(run)
