"""A folder of somebody else, with packages and configurations of their own, where the command line is used."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent


class Place:
    """A folder with `files`, texts by path."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip())

    def likeness(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`likeness ARGUMENTS`, started there."""
        return subprocess.run(
            [sys.executable, "-m", "likeness", *arguments],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def folder_of(self, *arguments: str) -> Path:
        """The folder that a command prints last."""
        done = self.likeness(*arguments)
        assert done.returncode == 0, done.stderr
        return self.folder / done.stdout.strip().splitlines()[-1]
