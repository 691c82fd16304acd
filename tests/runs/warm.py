"""Processes forked from one that has imported everything already, so that none waits for a fresh interpreter.

What is proved of the start itself (what is imported, and when) needs a fresh one: the fixture `command`.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# What a run imports on its way: its own modules, and what they and their libraries import within functions.
IMPORTED = [
    "likeness.applications.verify",
    "likeness.cli",
    "likeness.command",
    "likeness.recipes.detection.recipe",
    "likeness.recipes.embedding.evaluate",
    "likeness.recipes.embedding.recipe",
    "likeness.recipes.landmarks.recipe",
    "likeness.recipes.pixels.recipe",
    "likeness.recipes.stylizer.recipe",
    "likeness.runs.compare.listing",
    "likeness.runs.compare.printed",
    "likeness.runs.report.write",
    "likeness.runs.reproduce.rerun",
    "likeness.runs.resume",
    "likeness.runs.run",
    "likeness.runs.sweep.figures",
    "likeness.runs.sweep.sweep",
    "hydra.core.plugins",
    "matplotlib.backends.backend_agg",
    "multiprocessing.pool",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "rich._emoji_codes",
    "sklearn.decomposition",
    "sklearn.metrics",
    "torchvision.transforms.v2",
]

Command = Callable[..., subprocess.CompletedProcess[str]]
"""What runs a program of the project in a folder of a test's own; see the fixtures `command` and `warm_command`."""

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(IMPORTED)


def nothing() -> None:
    """What is done first where nothing is to be."""


def fork(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Call a function in a process."""
    process = _forkserver.Process(target=_call, args=(target, arguments))
    process.start()
    return process


def call_in_ranks(world: int, target: Callable[..., None], *arguments: Any) -> None:
    """Call a function in so many processes at once, with the rank of each and the arguments, and wait for all."""
    ranks = [fork(target, rank, *arguments) for rank in range(world)]
    for process in ranks:
        process.join()
    assert [process.exitcode for process in ranks] == [0] * world


def start(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: Path,
    error: Path,
    before: Callable[[], None] = nothing,
) -> BaseProcess:
    """Start `python WORDS` (-m MODULE or a file, and its arguments) in a folder, with its output in two files.

    What is to be done `before` is done in the new process.
    """
    return fork(_command, list(words), folder, {**os.environ, **environment}, out, error, before)


def run(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    before: Callable[[], None] = nothing,
) -> subprocess.CompletedProcess[str]:
    """Run `python WORDS` in a folder to its end; its output is text."""
    with tempfile.TemporaryDirectory() as said:
        out, error = Path(said) / "out", Path(said) / "error"
        process = start(words, folder, environment, out, error, before)
        process.join(timeout=300)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(words), 300)
        return subprocess.CompletedProcess(list(words), process.exitcode, out.read_text(), error.read_text())


def _call(target: Callable[..., None], arguments: Sequence[Any]) -> None:
    import torch

    multiprocessing.set_start_method("fork", force=True)  # of loader workers, as on a user's Linux
    torch.set_num_threads(1)
    target(*arguments)


def _command(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    out: Path,
    error: Path,
    before: Callable[[], None],
) -> None:
    before()
    os.chdir(folder)
    added = set(environment.get("PYTHONPATH", "").split(os.pathsep))
    os.environ.clear()
    os.environ.update(environment)
    for number, file in ((1, out), (2, error)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.path[:0] = sorted(added - {"", *sys.path})
    if words[0] == "-m":
        sys.path.insert(0, str(folder))
        sys.argv = words[1:]
        sys.modules.pop(words[1], None)  # a fresh interpreter has not imported it yet
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(words[0]).parent))
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
