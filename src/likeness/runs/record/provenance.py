"""What a record is going to lack of the source, said when a run starts, while it can be mended."""

import subprocess
from pathlib import Path

from likeness.config.groups import INSTALLED
from likeness.runs.record.source import ROOT, git


def missing_provenance(root: Path = ROOT) -> str | None:
    """Why git says nothing of the source at `root`, and what to do about it; None where it does, or nobody expects it.

    An installed copy has its version in place of a commit.
    """
    if INSTALLED:
        return None
    try:
        git(root, "rev-parse", "HEAD")
    except FileNotFoundError:
        return _said(f"git is not installed, though {root} may be a checkout: install it")
    except subprocess.TimeoutExpired:
        return _said(f"git does not answer in {root}")
    except subprocess.CalledProcessError as error:
        if b"dubious ownership" in error.stderr:
            return _said(
                f"the checkout {root} belongs to another user, as in a container: git config --global --add "
                f"safe.directory {root}"
            )
        return _said(f"{root} is no git checkout with a commit: clone it instead of unpacking an archive")
    return None


def _said(why: str) -> str:
    return (
        f"The record will name no commit, since {why}; without it only an unchanged copy of these files can reproduce "
        "the run."
    )
