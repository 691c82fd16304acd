"""What becomes of a run whose files vanish, and of one whose record holds a sample of their hashes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from killing import left_behind, only_run
from PIL import Image
from tiny import TINY, train_by
from typer.testing import CliRunner

from likeness.cli import app
from likeness.config.key import key_of
from likeness.errors import LikenessError, UnreadableImage, sentence
from likeness.recipes.choose import config_of
from likeness.runs.compare.values import compare_data_files
from likeness.runs.record.data_files import read_listing
from likeness.runs.record.past import past_run
from likeness.runs.record.record_file import SEAL, read_record, write_record
from likeness.runs.reproduce.refusal import refuse_other_data
from likeness.runs.reproduce.verdict import Outcome, _compared
from likeness.tasks.embedding import EmbeddingTask

pytestmark = pytest.mark.usefixtures("without_drawing")
PEOPLE, EACH = 12, 10
SAID = f"sampled: sizes of {PEOPLE * EACH} files and the contents of 64 compared"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, draw = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for person in range(PEOPLE):
        for image in range(EACH):
            path = root / f"person {person:02}" / f"{image}.bmp"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(draw.integers(256, size=(32, 32, 3), dtype=np.uint8)).save(path)
    return root


def overrides_for(root: Path, runs: Path, *more: str) -> list[str]:
    tiny = [word for word in TINY if not word.startswith("data")]
    of_data = ["data=image_folder", f"data.root='{root}'", "data.split=[0.5,0.25,0.25]", "evaluation.folds=2"]
    steps = ["trainer.max_steps=6", "trainer.val_check_interval=3", "checkpoints.every=2"]
    return [f"runs_dir='{runs}'", *tiny, *of_data, *steps, *more]


def run(root: Path, runs: Path, *more: str) -> Path:
    return train_by(overrides_for(root, runs, *more))


@pytest.fixture(scope="module")
def full(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(images, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def sampled(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(images, tmp_path_factory.mktemp("sampled"), "data.hash=sampled")


def record_of(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return record


def at_step(patch: pytest.MonkeyPatch, step: int, action: Callable[[], object]) -> None:
    """Do `action` in the training step of that number."""
    original, calls = EmbeddingTask.training_step, list[int]()

    def stepping(task: EmbeddingTask, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == step:
            action()
        return original(task, *arguments)

    patch.setattr(EmbeddingTask, "training_step", stepping)


def failed(root: Path, runs: Path, *more: str) -> Path:
    """A run that failed in its fourth step."""
    with pytest.MonkeyPatch.context() as patch:
        at_step(patch, 4, lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(root, runs, *more)
    return only_run(runs)


def resumed(folder: Path, *overrides: str, status: int = 0) -> str:
    """What `likeness resume` says."""
    done = CliRunner().invoke(app, ["resume", str(folder), *overrides])
    assert done.exit_code == status, done.output
    return done.output.strip()


@pytest.mark.parametrize("workers", [0, 1])
def test_files_that_vanish_end_the_run_which_goes_on_once_they_are_back(
    images: Path, full: Path, tmp_path: Path, workers: int
) -> None:
    away = images.with_name("away")
    try:
        with pytest.MonkeyPatch.context() as patch:
            at_step(patch, 3, lambda: images.rename(away))
            with pytest.raises(LikenessError) as caught:
                run(images, tmp_path, f"loader.workers={workers}")
    finally:
        away.rename(images)
    assert not isinstance(caught.value, UnreadableImage)
    said = sentence(caught.value)
    assert said.startswith(f"{images}/person ")
    assert said.endswith(".bmp is missing: put it back, or start again without it.")
    folder = only_run(tmp_path)
    assert record_of(folder)["status"] == "failed"
    assert "is missing: put it back" in record_of(folder)["reason"]
    assert run(images, tmp_path, f"loader.workers={workers}") == folder
    assert left_behind(folder) == left_behind(full)
    assert record_of(folder)["unreadable_images"] == []


def test_a_sampled_record_says_so_and_no_number_changes(full: Path, sampled: Path) -> None:
    assert left_behind(sampled) == left_behind(full)
    one, other = record_of(full), record_of(sampled)
    assert one["key"] == other["key"] == key_of(other["config"])
    assert one["data"] == other["data"]
    assert (one["data_files"]["hash"], other["data_files"]["hash"]) == ("full", "sampled")
    for key in ("count", "bytes"):
        assert one["data_files"][key] == other["data_files"][key]
    listing, whole = read_listing(sampled), read_listing(full)
    assert [file.path for file in listing] == [file.path for file in whole]
    assert sum(bool(file.sha256) for file in listing) == 64
    assert all(
        file in (full_file, full_file._replace(sha256=""))
        for file, full_file in zip(listing, whole, strict=True)
    )


def without_the_choice(folder: Path) -> None:
    """Make a run's configuration one of before `hash` was a key."""
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("  hash: full\n", ""))
    record = {key: value for key, value in read_record(folder).items() if key != SEAL}
    assert record["config"]["data"].pop("hash") == "full"
    write_record(folder, record)


@pytest.mark.parametrize("old", [False, True])
def test_a_run_goes_on_with_a_sample(images: Path, full: Path, tmp_path: Path, old: bool) -> None:
    folder = failed(images, tmp_path)
    if old:
        without_the_choice(folder)
    (folder / "data.csv").unlink(missing_ok=True)  # where it was killed before all files were hashed
    before = config_of(folder)
    assert resumed(folder, "data.hash=sampled").splitlines()[-1] == str(folder)
    assert left_behind(folder) == left_behind(full)
    assert record_of(folder)["data_files"]["hash"] == "sampled"
    assert record_of(folder)["sessions"][-1]["changed"] == []
    assert key_of(before.plain()) == record_of(folder)["key"]


def test_a_resume_on_other_data_says_how_little_was_compared(images: Path, tmp_path: Path) -> None:
    folder = failed(images, tmp_path / "runs", "data.hash=sampled")
    path = images / "person 03" / "4.bmp"
    content = path.read_bytes()
    try:
        path.write_bytes(content + b"more")
        assert f"({path} was changed; {SAID}); put them back" in resumed(folder, status=1)
    finally:
        path.write_bytes(content)
    resumed(folder)


def test_reproduce_compares_what_is_known_and_says_so(images: Path, full: Path, sampled: Path) -> None:
    refuse_other_data(full)
    refuse_other_data(sampled)
    read = {Path(file.path): bool(file.sha256) for file in read_listing(sampled)}
    known, unknown = (next(path for path, each in read.items() if each is wanted) for wanted in (True, False))
    for path, change, seen in ((known, b"?", True), (unknown, b"?", False), (unknown, b"longer", True)):
        content = path.read_bytes()
        try:
            path.write_bytes(content[:-1] + change)
            with pytest.raises(LikenessError, match=rf"{path} was changed since\.$"):
                refuse_other_data(full)
            if seen:
                with pytest.raises(LikenessError, match=rf"{path} was changed since \({SAID}\)\.$"):
                    refuse_other_data(sampled)
            else:
                refuse_other_data(sampled)
        finally:
            path.write_bytes(content)


class Finished:
    """A second run that is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def looks(self) -> list[Path]:
        return [self.folder]


def test_the_verdict_says_what_it_rests_on(full: Path, sampled: Path) -> None:
    for then, again, more in (
        (full, full, ""),
        (full, sampled, ""),
        (sampled, full, f"; of the data, {SAID}"),
    ):
        verdict = _compared(then, record_of(then), Finished(again))  # type: ignore[arg-type]
        assert verdict.outcome == Outcome.EQUAL
        assert verdict.sentence.endswith(f" and log.txt were not compared{more}.")


def test_runs_are_compared_by_what_both_know(full: Path, sampled: Path, tmp_path: Path) -> None:
    one, other = past_run(full), past_run(sampled)
    assert list(compare_data_files(one, one)) == []
    assert list(compare_data_files(one, other)) == ["hash: full and sampled", SAID]
    assert list(compare_data_files(other, other)) == [SAID]
    old = {key: value for key, value in one.record.items() if key != "data_files"}
    old["data_files"] = {key: value for key, value in one.record["data_files"].items() if key != "hash"}
    assert list(compare_data_files(type(one)(full, old), one)) == []  # of before there was a choice
    text = (full / "data.csv").read_text().replace("3126,", "3127,", 1)
    (tmp_path / "data.csv").write_text(text)
    changed = list(compare_data_files(one, type(one)(tmp_path, one.record)))
    assert [line.rpartition("/")[2] for line in changed] == ["0.bmp was changed"]
    assert list(compare_data_files(one, type(one)(tmp_path / "gone", one.record))) == [
        "The files of one of them are not listed."
    ]
