"""`pip install .` gives the `likeness` command, the same as train.py, from any folder and without the checkout."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import TINY

from likeness.config.groups import CONF

ROOT = CONF.parent
CARRIED = ("conf", "src", "pyproject.toml", "setup.py", "README.md", "train.py")
QUICK = [*TINY, "trainer.max_steps=2", "trainer.val_check_interval=2"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip installs of a copy of the checkout; dependencies are those of the environment."""
    folder = tmp_path_factory.mktemp("installed")
    copy = folder / "copy"  # the build leaves files beside what it builds
    copy.mkdir()
    for name in CARRIED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copyfile(place, copy / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(copy)], check=True, capture_output=True)
    shutil.rmtree(copy)
    return folder / "site"


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_it_brings_the_choices_the_templates_and_the_sweeper(site: Path) -> None:
    installed = {
        path.relative_to(site / "likeness" / "conf") for path in (site / "likeness" / "conf").rglob("*.yaml")
    }
    assert installed == {path.relative_to(CONF) for path in CONF.rglob("*.yaml")}
    assert (site / "hydra_plugins" / "likeness_sweeper.py").is_file()
    assert (site / "likeness" / "runs" / "report" / "templates" / "run.html").is_file()
    assert not (site / "likeness" / "tests").exists()


def test_a_run_is_trained_recorded_reproduced_and_swept(site: Path, tmp_path: Path) -> None:
    where = run(site, tmp_path, "-c", "import likeness; print(likeness.__file__)")
    assert where.stdout.strip().startswith(str(site))
    done = run(site, tmp_path, "-m", "likeness", "train", *QUICK)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / done.stdout.strip().splitlines()[-1]
    record = json.loads((folder / "run.json").read_text())
    assert record["source"]["commit"] is None
    assert record["source"]["version"]
    assert record["overrides"] == QUICK
    again = run(site, tmp_path, "-m", "likeness", "reproduce", str(folder))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "is reproduced to the bit" in again.stdout
    swept = run(
        site, tmp_path, "-m", "likeness", "train", "-m", *QUICK, "loss.margin=0.1,0.2", "trainer.max_steps=1"
    )
    assert swept.returncode == 0, swept.stderr
    assert "The best again: likeness train" in swept.stdout


def test_train_py_and_the_command_make_the_same_run(site: Path, tmp_path: Path) -> None:
    ours = run(ROOT / "src", tmp_path, str(ROOT / "train.py"), *QUICK, "runs_dir=checkout")
    theirs = run(site, tmp_path, "-m", "likeness", "train", *QUICK, "runs_dir=installed")
    first, second = (tmp_path / done.stdout.strip().splitlines()[-1] for done in (ours, theirs))
    for name in ("metrics.csv", "results.json", "checkpoints/hashes.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


WATCHED = """
import atexit, runpy, sys
atexit.register(lambda: print("imported:", *sorted({"torch", "wandb", "timm"} & set(sys.modules))))
sys.argv = ["likeness", *sys.argv[1:]]
runpy.run_module("likeness", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["train", "--help"], 0), (["--help"], 0), (["train", "los=triplet_hard"], 1), (["runs"], 1)],
)
def test_help_and_mistakes_need_no_torch(
    arguments: list[str], status: int, site: Path, tmp_path: Path
) -> None:
    done = run(site, tmp_path, "-c", WATCHED, *arguments)
    assert done.returncode == status, done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def test_wandb_is_not_imported_unless_it_is_chosen(site: Path, tmp_path: Path) -> None:
    """A module of that name that fails stands before the real one on the path."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "wandb.py").write_text("raise ImportError('wandb was imported')\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'blocked')!r}); import likeness.train as t; "
    script += f"t.train('likeness train', {QUICK!r}); "
    script += "assert 'wandb' not in sys.modules"
    done = run(site, tmp_path, "-c", script)
    assert done.returncode == 0, done.stderr
