"""Whatever becomes of a file in a run's folder: no traceback, and no other number without a word.

A property over all files of a finished and of a killed run, all kinds of garbage, and the commands that read them.
"""

import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from garbling import GARBLED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import keep
from killing import OVERRIDES, at_call, finish, left_behind, only_run
from PIL import Image
from typer.testing import CliRunner

from likeness.cli import app

pytestmark = pytest.mark.usefixtures("without_drawing")
STEP = "likeness.tasks.embedding:EmbeddingTask.training_step"
ACCURACY = "verification/accuracy"
LOGS = {"log.txt", "run.lock"}  # which nothing is read from


class Runs(NamedTuple):
    """A finished and a killed run, and what is said of the finished one as it is."""

    finished: Path
    killed: Path
    images: list[str]
    scratch: Path
    verified: str
    accuracy: float


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A run that was let be, the same killed in its ninth step, and two images to verify."""
    folder = tmp_path_factory.mktemp("runs")
    overrides = [*OVERRIDES, "evaluation.folds=2", "evaluation.far=0.1"]
    assert finish([*overrides, f"runs_dir={folder}/whole"]) == 0
    assert finish([*overrides, f"runs_dir={folder}/killed"], partial(at_call, 9, STEP)) < 0
    images = [str(folder / f"{shade}.png") for shade in (60, 200)]
    for path, shade in zip(images, (60, 200), strict=True):
        Image.new("RGB", (32, 32), (shade, 90, 120)).save(path)
    (folder / "scratch").mkdir()
    finished = only_run(folder / "whole")
    verified = say("verify", *images, "--run", str(finished))
    assert verified.status == 0, verified.output
    (listed,) = json.loads(say("runs", "--runs-dir", str(folder / "whole"), "--json").output)
    return Runs(
        finished, only_run(folder / "killed"), images, folder / "scratch", verified.output, listed[ACCURACY]
    )


class Said(NamedTuple):
    status: int
    output: str


def say(*words: str) -> Said:
    """What a command says, which is never a traceback, and one sentence where it fails."""
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(f"{words} ended in a traceback") from done.exception
    assert "Traceback" not in done.output
    if done.exit_code:
        assert done.output.strip().splitlines()[-1].startswith("likeness: "), done.output
    return Said(done.exit_code, done.output)


def files_of(folder: Path) -> list[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in LOGS)


def garble(folder: Path, place: float, kind: str, seed: int) -> str:
    """Make garbage of one of a folder's files; what was done to which."""
    names = files_of(folder)
    name = names[int(place * len(names))]
    content = GARBLED[kind]((folder / name).read_bytes(), random.Random(seed))
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    return name


def is_told(said: Sequence[str], name: str) -> bool:
    """Whether something is said of a file, or of what it belongs to."""
    whole = " ".join(" ".join(said).split())
    return Path(name).name in whole or Path(name).stem in whole


def copy_of(run: Path, scratch: Path) -> Path:
    shutil.rmtree(scratch / "runs", ignore_errors=True)
    return Path(shutil.copytree(run, scratch / "runs" / "default" / run.name))


PLACES = st.floats(0, 1, exclude_max=True)
TRIED = given(place=PLACES, kind=st.sampled_from(sorted(GARBLED)), seed=st.integers(0, 2**32))
QUICK = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(QUICK, max_examples=400)
tried: Counter[str] = Counter()


def read_all_of_a_finished_run(runs: Runs, place: float, kind: str, seed: int) -> None:
    copy = copy_of(runs.finished, runs.scratch)
    name = garble(copy, place, kind, seed)
    tried[f"finished: {name}"] += 1
    verified = say("verify", *runs.images, "--run", str(copy))
    if verified.status == 0 and verified.output != runs.verified:
        assert is_told([verified.output], name), (name, kind, verified.output)
    for words in (
        ("compare", str(runs.finished), str(copy), "--output", str(runs.scratch / "curves.png")),
        ("report", str(copy)),
        ("resume", str(copy)),
    ):
        said = say(*words)
        assert words[0] != "resume" or said.status == 1
    (row,) = json.loads(say("runs", "--runs-dir", str(copy.parents[1]), "--json").output)
    assert row["status"] == "damaged" or row[ACCURACY] == runs.accuracy, (name, kind)


def go_on_with_a_killed_run(runs: Runs, place: float, kind: str, seed: int) -> None:
    copy = copy_of(runs.killed, runs.scratch)
    name = garble(copy, place, kind, seed)
    tried[f"killed: {name}"] += 1
    said = say("resume", str(copy))
    expected = left_behind(runs.finished)
    if said.status:
        assert is_told([said.output], name), (name, kind, said.output)
        assert json.loads((runs.killed / "run.json").read_text())["status"] == "running"
        return
    found, record = left_behind(copy), json.loads((copy / "run.json").read_text())
    changed = record["sessions"][-1]["changed"]
    assert found["results"] == expected["results"], (name, kind)
    for part, file in (("metrics", "metrics.csv"), ("hashes", "hashes.csv")):
        assert found[part] == expected[part] or is_told(changed, file), (name, kind, changed)


@QUICK
@TRIED
def test_a_finished_run_with_garbage_in_it_gives_its_numbers_or_says_why_not(
    runs: Runs, place: float, kind: str, seed: int
) -> None:
    read_all_of_a_finished_run(runs, place, kind, seed)


@settings(QUICK, max_examples=4)
@TRIED
def test_a_killed_run_with_garbage_in_it_goes_on_or_says_why_not(
    runs: Runs, place: float, kind: str, seed: int
) -> None:
    go_on_with_a_killed_run(runs, place, kind, seed)


@pytest.mark.slow
@LONG
@TRIED
def test_finished_runs_with_all_kinds_of_garbage(runs: Runs, place: float, kind: str, seed: int) -> None:
    read_all_of_a_finished_run(runs, place, kind, seed)


@pytest.mark.slow
@LONG
@TRIED
def test_killed_runs_with_all_kinds_of_garbage(runs: Runs, place: float, kind: str, seed: int) -> None:
    go_on_with_a_killed_run(runs, place, kind, seed)


@pytest.fixture(scope="module", autouse=True)
def counted() -> object:
    """How many were tried."""
    yield
    keep("garbled.json", **dict(sorted(tried.items())))
