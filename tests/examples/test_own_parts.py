"""Somebody else's package, named by a configuration of its own, goes the whole way through the command line."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from killing import left_behind

import likeness
from likeness.config.groups import CONF
from likeness.errors import LikenessError
from likeness.runs.record.logged import read_metrics
from likeness.runs.training.checkpoints import checkpoint_of

EXAMPLE = CONF.parent / "examples" / "own_parts"
TRAIN = [
    sys.executable,
    "-m",
    "likeness",
    "train",
    "--config-dir",
    str(EXAMPLE / "conf"),
    "+experiment=gratings",
]
SMALL = [
    "trainer.max_steps=12",
    "trainer.val_check_interval=4",
    "checkpoints.every=2",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]


class Home:
    """A folder to work in, with the package installed beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.packages = folder, folder / "site"
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(self.packages), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "COLUMNS": "120",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def likeness(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "likeness", *arguments)

    def train(self, *overrides: str) -> Path:
        done = self.run(*TRAIN, *SMALL, *overrides)
        assert done.returncode == 0, done.stderr
        return self.folder / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("own"))
    source = made.folder / "source"  # the build leaves files beside what it builds
    shutil.copytree(EXAMPLE, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = made.run(*pip, "--target", str(made.packages), str(source))
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def run(home: Home) -> Path:
    return home.train("runs_dir=whole")


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


def test_the_class_centres_are_trained_and_kept(home: Home, run: Path) -> None:
    weights = checkpoint_of(run).weights
    centres = weights["loss.centres"]
    assert centres.shape == (24, 128)  # an identity each, and the dimensions of an embedding
    begun = checkpoint_of(home.train("runs_dir=one", "trainer.max_steps=1")).weights["loss.centres"]
    assert not torch.equal(centres, begun)
    moments = [entry["exp_avg"].shape for entry in checkpoint_of(run).optimizer["state"].values()]
    assert centres.shape in moments


def test_a_killed_run_goes_on_to_the_same_bits(home: Home, run: Path) -> None:
    process = subprocess.Popen(
        [*TRAIN, *SMALL, "runs_dir=killed"], cwd=home.folder, env=home.environment, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not list(home.folder.glob("killed/*/*/checkpoints/step-*4.ckpt")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (unfinished,) = home.folder.glob("killed/gratings/*/")
    refused = home.likeness("resume", str(unfinished))
    assert refused.returncode == 1
    assert "add --trust own_parts" in refused.stderr
    resumed = home.likeness("resume", str(unfinished), "--trust", "own_parts")
    assert resumed.returncode == 0, resumed.stderr
    assert left_behind(unfinished) == left_behind(run)


def test_it_is_reproduced_by_who_trusts_it_and_only_as_it_was(home: Home, run: Path) -> None:
    refused = home.likeness("reproduce", str(run))
    assert refused.returncode == 1
    assert "runs code of own_parts, which was trusted when it was made" in refused.stderr
    again = home.likeness("reproduce", str(run), "--trust", "own_parts")
    assert again.returncode == 0, again.stdout + again.stderr
    file = home.packages / "own_parts" / "centres.py"
    whole = file.read_text()
    try:
        file.write_text(whole + "\n# another\n")
        changed = home.likeness("reproduce", str(run), "--trust", "own_parts")
        assert changed.returncode == 1
        assert "own_parts, whose code" in changed.stderr
        assert "has changed since" in changed.stderr
    finally:
        file.write_text(whole)


def test_it_is_swept(home: Home) -> None:
    done = home.run(
        *TRAIN[:4], "-m", *TRAIN[4:], *SMALL, "runs_dir=swept", "trainer.max_steps=2", "loss.scale=4.0,8.0"
    )
    assert done.returncode == 0, done.stderr
    sweep = json.loads((home.folder / done.stdout.strip().splitlines()[-1] / "sweep.json").read_text())
    assert [job["status"] for job in sweep["jobs"]] == ["finished"] * 2
    assert [job["parameters"] for job in sweep["jobs"]] == [{"loss.scale": 4.0}, {"loss.scale": 8.0}]
    (again,) = (line for line in done.stdout.splitlines() if line.startswith("The best again: "))
    _, _, option, folder, *_ = shlex.split(again.removeprefix("The best again: "))
    assert (option, Path(folder).name) == ("--config-dir", "conf")


def test_it_is_measured_compared_and_loaded(home: Home, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = home.likeness("evaluate", str(run), "--trust", "own_parts", "runs_dir=measured", *SMALL[3:])
    assert measured.returncode == 0, measured.stderr
    folder = home.folder / measured.stdout.strip().splitlines()[-1]
    results = json.loads((folder / "results.json").read_text())[run.name]
    assert results == json.loads((run / "results.json").read_text())["trained"]
    for command in (["report", str(run)], ["runs", "--runs-dir", "whole"], ["compare", str(run), str(run)]):
        done = home.likeness(*command)
        assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(str(home.packages))
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
        ("~backbone.patch", "Patches needs a value for patch; add patch=VALUE."),
        (
            "loss._target_=own_parts.centres.CentreLos",
            "own_parts.centres has no CentreLos; did you mean CentreLoss?",
        ),
        ("loss._target_=own_parts.centers.CentreLoss", "own_parts.centers can't be imported"),
        ("+loss._convert_=all", "_convert_ is not a key"),
        ("+loss.inner={_target_: os.system, command: ls}", "os.system, named within"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_starts(home: Home, override: str, sentence: str) -> None:
    done = home.run(*TRAIN, *SMALL, "runs_dir=nowhere", override)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (home.folder / "nowhere").exists()
