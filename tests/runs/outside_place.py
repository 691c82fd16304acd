"""A folder of somebody else, with packages and configurations of their own, where the command line is used."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import warm
from warm import nothing


class Place:
    """A folder with `files`, texts by path; the packages in `packages` are installed for it.

    Each process that is started there does what is to be done `before`.
    """

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str],
        packages: Path | None = None,
        before: Callable[[], None] = nothing,
    ) -> None:
        self.folder, self.before = folder, before
        path = [str(packages)] if packages else []
        path += filter(None, [os.environ.get("PYTHONPATH")])
        self.environment = {"COLUMNS": "120", "PYTHONPATH": os.pathsep.join(path)}
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip())

    def likeness(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`likeness ARGUMENTS`, started there."""
        words = ["-m", "likeness", *arguments]
        return warm.run(words, self.folder, self.environment, self.before)

    def folder_of(self, *arguments: str) -> Path:
        """The folder that a command prints last."""
        done = self.likeness(*arguments)
        assert done.returncode == 0, done.stderr
        return self.folder / done.stdout.strip().splitlines()[-1]

    def killed(self, *arguments: str, after: int) -> Path:
        """The folder of a run that `likeness ARGUMENTS` starts, killed once the checkpoint of a step is there."""
        with tempfile.TemporaryDirectory() as said:
            words = ["-m", "likeness", *arguments, "runs_dir=killed"]
            process = warm.start(
                words,
                self.folder,
                self.environment,
                Path(said, "out"),
                Path(said, "error"),
                self.before,
            )
            while not (found := list(self.folder.glob(f"killed/*/*/checkpoints/step-{after:08}.ckpt"))):
                assert process.exitcode is None, Path(said, "error").read_text()
                time.sleep(0.01)
            process.kill()
            process.join()
        return found[0].parents[1]
