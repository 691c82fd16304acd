"""An installed copy, made of the source distribution, in an environment and a folder that know no checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import warm
from tiny import TINY

from likeness.config.groups import CONF

ROOT = CONF.parent
SMALL = [*TINY, "trainer.max_steps=2", "trainer.val_check_interval=2"]
OWN = ["--config-dir", "own", "+experiment=mine"]  # a configuration of the user's own
INSTALL = [
    "-m",
    "pip",
    "install",
    "-q",
    "--no-deps",
    "--no-build-isolation",
    "--no-index",
    "--ignore-installed",
]


class Installed(NamedTuple):
    """An environment with the project and, by their place alone, the packages that it needs; a folder to work in."""

    environment: Path
    folder: Path

    @property
    def site(self) -> Path:
        (site,) = self.environment.glob("lib/python3*/site-packages")
        return site

    def run(self, program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self.environment / "bin" / program, *arguments],
            cwd=self.folder,
            env={**kept, "COLUMNS": "120", "OMP_NUM_THREADS": "1", **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def ran(self, program: str, *arguments: str) -> str:
        """What a program says that ends well."""
        done = self.run(program, *arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def record(self, said: str) -> dict[str, Any]:
        """The record of the run whose folder was said last."""
        record: dict[str, Any] = json.loads((self.folder / last_line(said) / "run.json").read_text())
        return record


def last_line(said: str) -> str:
    return said.strip().splitlines()[-1]


def make_environment(home: Path, project: Path, *options: str) -> Installed:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    installed = Installed(home / "venv", home / "elsewhere")
    installed.folder.mkdir()
    packages = [
        path for path in sys.path if path.endswith("-packages")
    ]  # their .pth files are not read from there
    (installed.site / "dependencies.pth").write_text("".join(f"{path}\n" for path in packages))
    installed.ran("python", *INSTALL, *options, str(project))
    return installed


def copy_project(place: Path) -> Path:
    """What the distributions are made of, where they may be built."""
    for name in ("src", "conf"):
        shutil.copytree(
            ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*")
        )
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, place / name)
    return place


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("installed")
    build = "import sys, setuptools.build_meta as backend; print(backend.build_sdist(sys.argv[1]))"
    project = copy_project(home / "project")
    said = subprocess.run(
        [sys.executable, "-c", build, home], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    return make_environment(home, home / last_line(said))


@pytest.fixture(scope="module")
def trained(installed: Installed) -> str:
    """What `likeness train` said, with a configuration of the user's own."""
    own = installed.folder / "own" / "experiment" / "mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("# @package _global_\nname: mine\nloss:\n  margin: 0.3\n")
    return installed.ran("likeness", "train", *OWN, *SMALL)


def names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_is_installed(installed: Installed) -> None:
    sources = {f"likeness/{name}" for name in names(ROOT / "src" / "likeness")}
    assert sources | {f"likeness/conf/{name}" for name in names(CONF)} == {
        f"likeness/{name}" for name in names(installed.site / "likeness")
    }
    assert names(installed.site / "hydra_plugins") == names(ROOT / "src" / "hydra_plugins")


def test_a_run_is_recorded_by_the_version_and_the_files_of_the_copy(
    trained: str, installed: Installed
) -> None:
    record = installed.record(trained)
    assert record["status"] == "finished"
    assert record["config"]["loss"]["margin"] == 0.3
    assert record["command"] == ["likeness train", *OWN, *SMALL]
    assert record["overrides"] == ["+experiment=mine", *SMALL]
    source = record["source"]
    assert (source["commit"], source["diff"], source["untracked"]) == (None, None, {})
    assert source["version"] == record["environment"]["packages"]["likeness"]
    assert len(source["sha256"]) == 64
    page = (installed.folder / last_line(trained) / "report.html").read_text()
    assert f"none: likeness {source['version']}" in page


def test_a_run_is_reproduced_by_the_copy_that_made_it_and_by_no_other(
    trained: str, installed: Installed
) -> None:
    run = last_line(trained)
    assert "is reproduced to the bit" in " ".join(installed.ran("likeness", "reproduce", run).split())
    margin = installed.site / "likeness" / "conf" / "loss" / "triplet_hard.yaml"
    before = margin.read_text()
    margin.write_text(before + "\n")
    try:
        other = installed.run("likeness", "reproduce", run)
    finally:
        margin.write_text(before)
    assert other.returncode == 1
    assert other.stderr.startswith(f"likeness: {run} ran from a copy of likeness ")
    assert other.stderr.endswith("the files of this one differ from it; install that one to run it again.\n")


def test_a_run_of_a_checkout_is_not_reproduced_by_a_copy(trained: str, installed: Installed) -> None:
    run = installed.folder / "checkout"
    shutil.copytree(installed.folder / last_line(trained), run)
    edit = (
        "import sys; from pathlib import Path\n"
        "from likeness.runs.record.record_file import read_record, write_record\n"
        "folder = Path(sys.argv[1]); record = read_record(folder)\n"
        "record['source']['commit'] = 'a' * 40; write_record(folder, record)\n"
    )
    installed.ran("python", "-c", edit, str(run))
    refused = installed.run("likeness", "reproduce", str(run))
    assert refused.returncode == 1
    assert "is an installed one; reproduce it with a checkout that has the commit" in refused.stderr


def test_a_sweep_reuses_the_run_of_the_same_copy(trained: str, installed: Installed) -> None:
    said = installed.ran("likeness", "train", "-m", *OWN, *SMALL, "seed=0,1")
    assert "job 0 seed=0 is there already" in said
    assert "job 1 seed=1 is trained" in said
    fixed = " ".join(["+experiment=mine", *SMALL])
    assert re.search(rf"likeness train --config-dir \S*own {re.escape(fixed)} seed=", said)
    listed = installed.ran("python", "-m", "likeness", "runs", "--json")
    assert {(run["status"], run["seed"]) for run in json.loads(listed)} == {("finished", 0), ("finished", 1)}


def test_several_devices_train_from_any_folder(installed: Installed) -> None:
    said = installed.ran("python", "-m", "likeness", "train", *SMALL, "trainer.devices=2", "name=devices")
    assert installed.record(said)["source"]["commit"] is None


def test_train_py_and_the_command_make_the_same_run(trained: str, installed: Installed) -> None:
    done = warm.run([str(ROOT / "train.py"), *OWN, *SMALL, "runs_dir=checkout"], installed.folder, {})
    assert done.returncode == 0, done.stderr
    first, second = (installed.folder / last_line(one) for one in (done.stdout, trained))
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
    [
        (["train", "--help"], 0),
        (["--help"], 0),
        (["train", "los=triplet_hard"], 1),
        (["runs", "--runs-dir", "x"], 1),
    ],
)
def test_help_and_mistakes_need_no_torch(arguments: list[str], status: int, installed: Installed) -> None:
    done = installed.run("python", "-c", WATCHED, *arguments)
    assert done.returncode == status, done.stderr
    assert last_line(done.stdout) == "imported:"


def test_help_names_the_command(installed: Installed) -> None:
    said = installed.ran("likeness", "train", "--help")
    assert "likeness train [+experiment=NAME]" in said
    assert "train.py" not in said
    assert "triplet_hard" in said
    assert "train" in installed.ran("python", "-m", "likeness", "--help")


def test_the_source_distribution_needs_no_checkout(installed: Installed) -> None:
    (archive,) = installed.environment.parent.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        held = {name.partition("/")[2] for name in files.getnames()}
    assert {f"conf/{name}" for name in names(CONF)} <= held


def test_an_editable_copy_is_the_checkout(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    editable = make_environment(tmp_path, project, "--editable")
    look = (
        "from hydra.core.plugins import Plugins\n"
        "from hydra.plugins.sweeper import Sweeper\n"
        "found = Plugins.instance().discover(Sweeper)\n"
        "import hydra_plugins.likeness_sweeper as plugin, likeness\n"
        "from likeness.config.groups import CONF, INSTALLED\n"
        "assert plugin.LikenessSweeper in found, found\n"
        "print(plugin.__file__, likeness.__file__, CONF, INSTALLED, sep='\\n')\n"
    )
    assert editable.ran("python", "-c", look).splitlines() == [
        str(project / "src" / "hydra_plugins" / "likeness_sweeper.py"),
        str(project / "src" / "likeness" / "__init__.py"),
        str(project / "conf"),
        "False",
    ]
