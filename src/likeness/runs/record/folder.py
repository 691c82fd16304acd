"""A run's folder: where everything about a run is kept."""

import json
import math
import os
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from likeness.errors import LikenessError, mend_of

CONFIG = "config.yaml"
"""The resolved configuration of a run."""

METRICS = "metrics.csv"
"""Every number that a run logged."""

RESULTS = "results.json"
"""Every final metric of a run."""

LISTING = "data.csv"
"""The files that a run read."""

BEGUN = "data.begun.csv"
"""What has been hashed by now, while the listing is not whole; a file may stand in it again for each session."""

OPERATING_POINT = "operating_point.json"
"""The decision threshold of a run, and how its distances become probabilities."""

_OPERATING_POINT_BEFORE = "judge.json"
"""What earlier versions called that file."""

REPORT = "report.html"
"""One page about a run."""

ROC = "roc.csv"
"""The receiver operating characteristic of each encoder that a run measured."""

_TIME = "%Y%m%d-%H%M%S"
"""Of a run's id."""

HASHES = "hashes.csv"
"""In `checkpoints/`, the hashes of what each checkpoint of a run held."""


def create_folder(runs_dir: str | Path, name: str) -> Path:
    """A new folder `runs_dir/name/<run id>`; the id is the time in UTC and four random hexadecimal digits.

    It is no earlier than that of any run beside it: where the clock was set back, a second after the last of them, so
    that it stays known which run began last.

    Raises:
        LikenessError: the folder can't be written.
    """
    folder = folder_of_runs(runs_dir, name)
    try:
        began = max(_now(), _last_began(folder))
        folder = folder / _run_id(began)
        while not _made(folder):  # another run began in this second, with the same digits
            folder = folder.with_name(_run_id(began))
        for part in ("checkpoints", "figures"):
            (folder / part).mkdir()
    except OSError as error:
        raise _not_written(folder, error) from error
    return folder


def folder_of_runs(runs_dir: str | Path, name: str) -> Path:
    """The folder `runs_dir/name`, made where it isn't there.

    Raises:
        LikenessError: it can't be written.
    """
    folder = Path(runs_dir, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    return folder


def _not_written(folder: Path, error: OSError) -> LikenessError:
    return LikenessError(
        f"The run's folder {folder} can't be written ({error.strerror}); choose another place with runs_dir=DIR."
    )


def _run_id(began: datetime) -> str:
    return f"{began:{_TIME}}-{secrets.token_hex(2)}"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _last_began(folder: Path) -> datetime:
    """A second after the last run in a folder where that is still to come, by its id; long ago where there is none."""
    times = (name.name.rpartition("-")[0] for name in folder.iterdir())
    last = max((time for time in times if re.fullmatch(r"\d{8}-\d{6}", time)), default="")
    if last <= f"{_now():{_TIME}}":
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.strptime(last, _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):  # digits that are no time
        return datetime.min.replace(tzinfo=UTC)


def _made(folder: Path) -> bool:
    """Whether the folder is new."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def make_folder(folder: Path, key: str) -> None:
    """Make a folder and those above it, where they aren't there.

    Args:
        folder: of results.
        key: by which a user names it, such as `-o` or `runs_dir`.

    Raises:
        LikenessError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LikenessError(
            f"The folder {folder} can't be made ({error.strerror}): choose another place with {key}."
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write `content` beside and rename, so that a reader never sees half a file; NaN and infinity become null."""
    write_text(path, json.dumps(finite(content), indent=2, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` as `write_lines` does."""
    write_lines(path, [text])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write `lines` beside, all the way to the disk, and rename.

    Raises:
        LikenessError: the disk is full or the folder is gone.
    """
    beside = path.with_suffix(path.suffix + ".partial")
    try:
        with beside.open("w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(lines)
            to_disk(file)
        replace(beside, path)
    except OSError as error:
        raise LikenessError(
            f"{path} can't be written ({error.strerror}); {mend_of(error)} and run again."
        ) from error


def to_disk(file: IO[Any]) -> None:
    """Leave nothing of `file` to memory, so that it survives a power cut."""
    file.flush()
    os.fsync(file.fileno())


def replace(beside: Path, path: Path) -> None:
    """Rename `beside` to `path`, for good: the folder is written to the disk too."""
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def operating_point_file(folder: Path) -> Path:
    """Where a run keeps its operating point, whichever version made it; the file need not be there."""
    before = folder / _OPERATING_POINT_BEFORE
    return before if before.is_file() else folder / OPERATING_POINT


def finite(content: Any) -> Any:
    """`content`, in which None stands for every number that JSON does not have."""
    if isinstance(content, dict):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
