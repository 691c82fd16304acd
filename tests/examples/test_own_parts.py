"""Somebody else's package, named by a configuration of its own, goes the whole way through the command line."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from blank_figures import blank_figures_from_now_on
from killing import left_behind
from outside_place import Place

import likeness
from likeness.config.groups import CONF
from likeness.errors import LikenessError
from likeness.runs.record.logged import read_metrics
from likeness.runs.training.checkpoints import checkpoint_of

EXAMPLE = CONF.parent / "examples" / "own_parts"
TRAIN = ["train", "--config-dir", str(EXAMPLE / "conf"), "+experiment=gratings"]
SMALL = [
    "trainer.max_steps=12",
    "trainer.val_check_interval=4",
    "checkpoints.every=2",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed."""
    source = tmp_path_factory.mktemp("source") / "own_parts"  # the build leaves files beside what it builds
    shutil.copytree(EXAMPLE, source)
    installed = tmp_path_factory.mktemp("site")
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, *pip, "--target", installed, source], check=True)
    return installed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Place:
    return Place(tmp_path_factory.mktemp("own"), {}, packages, blank_figures_from_now_on)


@pytest.fixture(scope="module")
def run(home: Place) -> Path:
    """A run by an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "likeness", *TRAIN, *SMALL, "runs_dir=whole"],
        cwd=home.folder,
        env={**os.environ, **home.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home.folder / done.stdout.strip().splitlines()[-1]


def test_it_is_short() -> None:
    files = [path for path in EXAMPLE.rglob("*") if path.suffix in {".py", ".yaml", ".toml", ".md"}]
    assert len(files) >= 9
    assert sum(len(path.read_text().splitlines()) for path in files) <= 150


def test_it_trains_and_its_package_is_recorded(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["config"]["trust"] == ["own_parts"]
    (package,) = record["source"]["packages"].items()
    assert package[0] == "own_parts"
    assert len(package[1]["sha256"]) == 64
    logged = {row.metric for row in read_metrics(run)}
    assert {name for name in logged if name.startswith("train/")} == {"train/loss"}  # it gives a plain number
    assert set(record["results"]) == {"trained", "untrained", "raw pixels"}
    assert (run / "report.html").is_file()


def test_the_class_centres_are_trained_and_kept(home: Place, run: Path) -> None:
    weights = checkpoint_of(run).weights
    centres = weights["loss.centres"]
    assert centres.shape == (24, 128)  # an identity each, and the dimensions of an embedding
    one = home.folder_of(*TRAIN, *SMALL, "runs_dir=one", "trainer.max_steps=1")
    begun = checkpoint_of(one).weights["loss.centres"]
    assert not torch.equal(centres, begun)
    moments = [entry["exp_avg"].shape for entry in checkpoint_of(run).optimizer["state"].values()]
    assert centres.shape in moments


def test_a_killed_run_goes_on_to_the_same_bits(home: Place, run: Path) -> None:
    unfinished = home.killed(*TRAIN, *SMALL, after=4)
    refused = home.likeness("resume", str(unfinished))
    assert refused.returncode == 1
    assert "add --trust own_parts" in refused.stderr
    resumed = home.likeness("resume", str(unfinished), "--trust", "own_parts")
    assert resumed.returncode == 0, resumed.stderr
    assert left_behind(unfinished) == left_behind(run)


def test_it_is_reproduced_by_who_trusts_it_and_only_as_it_was(home: Place, packages: Path, run: Path) -> None:
    refused = home.likeness("reproduce", str(run))
    assert refused.returncode == 1
    assert "runs code of own_parts, which was trusted when it was made" in refused.stderr
    again = home.likeness("reproduce", str(run), "--trust", "own_parts")
    assert again.returncode == 0, again.stdout + again.stderr
    file = packages / "own_parts" / "centres.py"
    whole = file.read_text()
    try:
        file.write_text(whole + "\n# another\n")
        changed = home.likeness("reproduce", str(run), "--trust", "own_parts")
        assert changed.returncode == 1
        assert "own_parts, whose code" in changed.stderr
        assert "has changed since" in changed.stderr
    finally:
        file.write_text(whole)


def test_it_is_swept(home: Place) -> None:
    swept = ["runs_dir=swept", "trainer.max_steps=2", "trainer.val_check_interval=2", "loss.scale=4.0,8.0"]
    done = home.likeness("train", "-m", *TRAIN[1:], *SMALL, *swept)
    assert done.returncode == 0, done.stderr
    sweep = json.loads((home.folder / done.stdout.strip().splitlines()[-1] / "sweep.json").read_text())
    assert [job["status"] for job in sweep["jobs"]] == ["finished"] * 2
    assert [job["parameters"] for job in sweep["jobs"]] == [{"loss.scale": 4.0}, {"loss.scale": 8.0}]
    (again,) = (line for line in done.stdout.splitlines() if line.startswith("The best again: "))
    _, _, option, folder, *_ = shlex.split(again.removeprefix("The best again: "))
    assert (option, Path(folder).name) == ("--config-dir", "conf")


def test_it_is_measured_compared_and_loaded(
    home: Place, packages: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = home.likeness("evaluate", str(run), "--trust", "own_parts", "runs_dir=measured", *SMALL[3:])
    assert measured.returncode == 0, measured.stderr
    folder = home.folder / measured.stdout.strip().splitlines()[-1]
    results = json.loads((folder / "results.json").read_text())[run.name]
    assert results == json.loads((run / "results.json").read_text())["trained"]
    for command in (["report", str(run)], ["runs", "--runs-dir", "whole"], ["compare", str(run), str(run)]):
        done = home.likeness(*command)
        assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(str(packages))
    with pytest.raises(LikenessError, match="add --trust own_parts"):
        likeness.load(run)
    assert likeness.load(run, trust=["own_parts"]).encode(torch.rand(2, 1, 32, 32)).shape == (2, 128)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("trust=[]", "If own_parts is yours, or you know its code: trust=[own_parts]."),
        ("loss.scal=3", "Unknown key loss.scal: did you mean scale?"),
        ("+loss.scal=3", "CentreLoss takes no scal; did you mean scale?"),
        ("loss.scale=wide", "CentreLoss takes no scale=wide"),
        ("~backbone.patch", "Patches needs a value for patch; add +backbone.patch=VALUE."),
        (
            "loss._target_=own_parts.centres.CentreLos",
            "own_parts.centres has no CentreLos; did you mean CentreLoss?",
        ),
        ("loss._target_=own_parts.centers.CentreLoss", "own_parts.centers can't be imported"),
        ("+loss._convert_=all", "_convert_ is not a key"),
        ("+loss.inner={_target_: os.system, command: ls}", "os.system, named within"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_starts(home: Place, override: str, sentence: str) -> None:
    done = home.likeness(*TRAIN, *SMALL, "runs_dir=nowhere", override)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (home.folder / "nowhere").exists()
