"""The source of a recorded run: restored in a git worktree of its own, or this copy where that ran without a commit."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from likeness.config.groups import INSTALLED
from likeness.errors import LikenessError
from likeness.runs.record.source import DIFF, ROOT, git, git_alone, hash_of_file, hash_of_sources


class Restored(NamedTuple):
    """A source that can be run: the program that takes the overrides, and where its packages lie beside PYTHONPATH."""

    program: list[str]
    packages: list[Path]


@contextmanager
def restored_source(folder: Path, source: dict[str, Any]) -> Iterator[Restored]:
    """What the run in `folder` ran from; without a commit it is this very copy, as its hash has told.

    Raises:
        LikenessError: as `restored_worktree` does.
    """
    if source["commit"] is not None:
        with restored_worktree(folder, source) as tree:
            yield _in_checkout(tree)
    elif INSTALLED:
        yield Restored([sys.executable, "-P", "-m", "likeness", "train"], [])
    else:  # downloaded, not cloned
        yield _in_checkout(ROOT)


def _in_checkout(root: Path) -> Restored:
    return Restored([sys.executable, str(root / "train.py")], [root / "src"])


@contextmanager
def restored_worktree(folder: Path, source: dict[str, Any]) -> Iterator[Path]:
    """A worktree that holds what the run in `folder` ran from: its commit, its diff, and its untracked sources.

    Raises:
        LikenessError: an untracked source has changed or is gone, or the whole is not what was recorded.
    """
    with TemporaryDirectory(prefix="likeness-source-") as above:
        tree = Path(above, "source")
        try:
            git_alone(ROOT, "worktree", "add", "--detach", str(tree), source["commit"])
            if source["diff"] is not None:
                git_alone(tree, "apply", "--whitespace=nowarn", str((folder / DIFF).resolve()))
            _copy_untracked(tree, source["untracked"])
            if hash_of_sources(tree) != source["sha256"]:
                raise LikenessError(
                    f"The commit and the diff of {folder} do not restore the source that it ran from; the record was "
                    "altered, or git was told to overlook a change."
                )
            yield tree
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise LikenessError(
                f"git can't restore the source of {folder}: {said[-1] if said else error}"
            ) from error
        finally:
            with suppress(subprocess.SubprocessError):
                git(ROOT, "worktree", "remove", "--force", str(tree))


def _copy_untracked(tree: Path, untracked: dict[str, str]) -> None:
    for name, recorded in untracked.items():
        path = ROOT / name
        if not path.is_file() or hash_of_file(path) != recorded:
            state = "has changed" if path.is_file() else "is gone"
            raise LikenessError(
                f"{name}, which the run used and git does not know, {state} since; put it back."
            )
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tree / name)
