"""What a run's folder would have run that is not here already: it is said, and asked for, before any of it is done.

To reproduce a run is to run what its folder says, and the folder may come from anywhere: a diff is code, a folder of
configurations is read, and an override decides what is called. Nothing here makes that code harmless.
"""

import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from likeness.config.hydra_node import refuse_hydra_keys
from likeness.config.trust import declared_packages
from likeness.errors import LikenessError
from likeness.runs.record.record_file import overrides_of
from likeness.runs.record.source import DIFF, ROOT, SOURCES, capture_source, files_of_diff, is_source

LOCK = "requirements.lock"
_LINK = re.compile(rb"^(new file|new|old|deleted file) mode 1[26]0000|^index .* 1[26]0000$", re.MULTILINE)
"""Of a diff's lines that which makes a symbolic link or a submodule."""

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def refuse_dangerous(folder: Path, record: dict[str, Any], trust: Collection[str]) -> None:
    """Raise a LikenessError where a record says what no run of ours records, and what would lead elsewhere.

    That is an option among the overrides, a key of Hydra's own, a part of the configuration that has no name, a commit
    that is none, a path that is absolute or leads out of the source, and the code of a package that is not trusted.
    """
    source = record["source"]
    for part in record["config"]:  # of which overrides are made
        if not part.isidentifier() or part == "hydra":
            raise LikenessError(f"{folder} names {part!r}, which is no part of a configuration.")
    for override in overrides_of(record) or ():
        if override.startswith("-"):
            raise LikenessError(f"{folder} would be run with {override}, which is an option and no override.")
    refuse_hydra_keys(overrides_of(record) or ())
    if source["commit"] is not None and not _COMMIT.fullmatch(source["commit"]):
        raise LikenessError(f"{folder} names {source['commit']}, which is no commit.")
    for name in source["untracked"]:
        _refuse_outside(folder, name)
    for name in source.get("packages") or {}:
        if name not in {*trust, *declared_packages()}:
            raise LikenessError(
                f"{folder} runs code of {name}, which its configuration does not trust; the record was altered."
            )


def refuse_unasked(folder: Path, record: dict[str, Any], trust: Collection[str]) -> None:
    """Say what of the run's folder is going to be run, and ask, unless nothing is, or `trust` names the folder.

    Raises:
        LikenessError: it is not wanted, or there is nobody to ask, or the diff changes other files than sources.
    """
    if record["source"]["diff"] is not None:
        _refuse_diff(folder)
    foreign = list(_foreign(folder, record))
    if not foreign:
        return
    print(
        f"likeness: to reproduce {folder} is to run what it holds, with your rights:\n"
        + "".join(f"  {one}\n" for one in foreign),
        file=sys.stderr,
        end="",
    )
    if folder.resolve() in [Path(one).resolve() for one in trust]:
        return
    if not sys.stdin.isatty():
        raise LikenessError(
            f"{folder} is not reproduced, since nobody could be asked; if you made it or have read it, add "
            f"--trust {folder}."
        )
    print("Run it? [y/N] ", file=sys.stderr, end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise LikenessError(f"{folder} is not reproduced, as you said.")


def diff_of(folder: Path) -> list[str]:
    """The files that a run's diff changes.

    Raises:
        LikenessError: it can't be read as a diff.
    """
    try:
        return files_of_diff(ROOT, folder / DIFF)
    except ValueError as error:
        raise LikenessError(f"{folder / DIFF} {error}.") from error


def _foreign(folder: Path, record: dict[str, Any]) -> Iterator[str]:
    """What the folder brings; where it ran from the source that stands here, that is nothing.

    Another source than this one may check less of a folder of configurations, and one that the record keeps no `trust`
    for says itself whom it trusts.
    """
    ours = record["source"]["sha256"] == capture_source(ROOT).sha256
    if record["source"]["diff"] is not None and not ours:
        yield f"{folder / DIFF} changes {', '.join(diff_of(folder))}"
    if record.get("config_dir") and not (ours and "trust" in record["config"]):
        which = f"the commit {record['source']['commit'][:12]}" if record["source"]["commit"] else "this copy"
        yield f"the configuration in {record['config_dir']}, read by {which}"


def _refuse_diff(folder: Path) -> None:
    for name in diff_of(folder):
        _refuse_outside(folder, name)
    if _LINK.search((folder / DIFF).read_bytes()):
        raise LikenessError(f"The diff of {folder} makes a link, which no change of a source does.")


def _refuse_outside(folder: Path, name: str) -> None:
    """Raise a LikenessError where a file is not one of the sources."""
    path = PurePosixPath(name)
    if "\\" in name or not (is_source(path) or name == LOCK):
        raise LikenessError(
            f"{folder} says that {name} is a source of its run, and it is none of {', '.join(SOURCES)}."
        )
