"""A recorded run, run again from its restored source, and watched while it runs."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeness.config.overrides import quoted
from likeness.errors import LikenessError
from likeness.runs.record.record_file import overrides_of
from likeness.runs.reproduce.worktree import Restored


class Rerun:
    """A run at work in a process group of its own; its folder appears below `runs_dir` when it has begun."""

    def __init__(self, process: subprocess.Popen[bytes], runs_dir: Path, output: Path) -> None:
        self._process, self._runs_dir, self._output = process, runs_dir, output

    def looks(self, *, every: float = 0.2) -> Iterator[Path]:
        """The run's folder again and again (seconds apart) while it runs, and once more when it has ended.

        Raises:
            LikenessError: the run failed, with its own last line.
        """
        running = True
        while running:
            running = self._process.poll() is None
            if self._process.returncode:
                raise LikenessError(f"Run again, it failed: {self._last_words()}")
            folder = self._folder()
            if folder is not None:
                yield folder
            elif not running:
                raise LikenessError(f"Run again, it left no record: {self._last_words()}")
            if running:
                time.sleep(every)

    def _folder(self) -> Path | None:
        """The run's folder, once it holds a record."""
        return next((record.parent for record in self._runs_dir.glob("*/*/run.json")), None)

    def _last_words(self) -> str:
        said = self._output.read_text(errors="replace").strip().splitlines()
        return said[-1].removeprefix("likeness: ") if said else "it said nothing."


@contextmanager
def started_again(record: dict[str, Any], source: Restored, above: Path) -> Iterator[Rerun]:
    """The run of a record, started from its restored source into a folder below `above`, and ended with the block.

    Its overrides, threads and variables are the recorded ones; only trackers and the sweep are left out, and what
    several machines trained is trained on as many devices of this one. It reads its
    data where the record says, whatever LIKENESS_DATA is now, and trusts the packages that were asked for, whatever a
    folder of configurations says.
    """
    runs_dir, output = above / "runs", above / "output.txt"
    overrides = [
        one for one in overrides_of(record) or () if not one.lstrip("+~").startswith(("logger", "sweep"))
    ]
    own = ["--config-dir", record["config_dir"]] if record.get("config_dir") else []
    command = [
        *source.program,
        *own,
        *overrides,
        *_places(record["config"]),
        *_here(record["config"]),
        "logger=csv",
        f"runs_dir={quoted(str(runs_dir))}",
        *([f"trust=[{','.join(record['config']['trust'])}]"] if "trust" in record["config"] else []),
    ]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=record["folder"]
            if Path(record["folder"]).is_dir()
            else None,  # paths in the overrides start there
            env=_variables(record["environment"], source.packages),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Rerun(process, runs_dir, output)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def on_one_machine(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration in which one machine has the devices of all."""
    trainer = config.get("trainer", {})
    if trainer.get("num_nodes", 1) == 1:
        return config
    devices = trainer["devices"] * trainer["num_nodes"]
    return {**config, "trainer": {**trainer, "devices": devices, "num_nodes": 1}}


def _here(config: dict[str, Any]) -> list[str]:
    """The devices of this machine, where several machines trained, as overrides."""
    if (here := on_one_machine(config)) is config:
        return []
    return [f"trainer.devices={here['trainer']['devices']}", "trainer.num_nodes=1"]


def _places(config: dict[str, Any]) -> list[str]:
    """Where each part of a configuration read its files, as overrides."""
    return [
        f"{part}.{key}={quoted(node[key])}"
        for part, node in config.items()
        if isinstance(node, dict)
        for key in ("root", "path")
        if isinstance(node.get(key), str)
    ]


def _variables(environment: dict[str, Any], packages: list[Path]) -> dict[str, str]:
    """This process's variables, with those that decide a number as they were, and no others that the record names.

    PYTHONPATH leads where it leads this process, not to what lies in the folder that the run was started in.
    """
    from likeness.runs.record.environment import VARIABLES  # torch

    threads, given = str(environment["threads"]), os.environ.get("PYTHONPATH")
    paths = [*map(str, packages), *map(os.path.abspath, given.split(os.pathsep) if given else ())]
    variables = {name: value for name, value in environment["determinism"].items() if name in VARIABLES}
    changed = {
        **variables,
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    return {name: value for name, value in {**os.environ, **changed}.items() if value is not None}
