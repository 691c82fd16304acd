"""Whether a recorded run, run again, is equal to the bit."""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console

from likeness.config.key import compare_values, differences
from likeness.errors import LikenessError
from likeness.runs.record.data_files import first_difference, how_compared, read_listing
from likeness.runs.record.folder import LISTING
from likeness.runs.record.record_file import read_record
from likeness.runs.record.source import identity_of
from likeness.runs.reproduce.comparison import (
    Unequal,
    compared,
    first_unequal,
    first_unequal_metric,
    largest_difference,
    metric_rows,
)
from likeness.runs.reproduce.foreign import refuse_unasked
from likeness.runs.reproduce.refusal import (
    other_data,
    refuse_altered,
    refuse_irreproducible,
    refuse_other_data,
)
from likeness.runs.reproduce.rerun import Rerun, on_one_machine, started_again
from likeness.runs.reproduce.worktree import restored_source

_SHOWN = 3  # differences of the environment in a sentence


class Outcome(IntEnum):
    """The exit status of `likeness reproduce`; 2 is that of a command line that can't be read."""

    EQUAL = 0
    UNEQUAL = 1
    UNDECIDED = 3


class Verdict(NamedTuple):
    """An outcome, and the sentence that says why."""

    outcome: Outcome
    sentence: str


def reproduce(folder: Path, trust: Sequence[str]) -> Verdict:
    """Run the run in `folder` again from its recorded source and compare all that it left.

    Raises:
        LikenessError: it can't be run again: it did not finish, its source or its data are not to be had as they
            were, its folder was altered since, or code that it brings is not wanted.
    """
    record = read_record(folder)
    refuse_irreproducible(folder, record, trust)
    refuse_altered(folder, record)
    if changed := [change for session in record["sessions"] for change in session["changed"]]:
        return Verdict(
            Outcome.UNDECIDED,
            f"{folder} can't be told equal or not: it was resumed after a change ({_few(changed)}).",
        )
    refuse_other_data(folder)
    refuse_unasked(folder, record, trust)
    with (
        restored_source(folder, record["source"]) as source,
        TemporaryDirectory(prefix="likeness-again-") as above,
        started_again(record, source, Path(above)) as rerun,
    ):
        return _compared(folder, record, rerun)


def _compared(folder: Path, record: dict[str, Any], rerun: Rerun) -> Verdict:
    rows, steps = metric_rows(folder), record["config"]["trainer"]["max_steps"]
    with Console(stderr=True).status(f"running {folder} again") as status:
        for again in rerun.looks():
            now = read_record(again)
            _refuse_other_run(folder, record, again, now)
            rows_now = metric_rows(again)
            status.update(f"running {folder} again: step {rows_now[-1][0] if rows_now else 0} of {steps}")
            if now["status"] == "running" and not _changed_environment(record, now):
                unequal = first_unequal_metric(rows, rows_now, so_far=True)
                if unequal:
                    return _unequal(folder, unequal)
    if changed := _changed_environment(record, now):
        largest = largest_difference(folder, again)
        return Verdict(
            Outcome.UNDECIDED,
            f"{folder} can't be told equal or not: {_few(changed)}. The largest difference among {largest.numbers} "
            f"numbers is {largest.difference:g} ({largest.field}).",
        )
    unequal = first_unequal(folder, again)
    if unequal:
        return _unequal(folder, unequal)
    return Verdict(
        Outcome.EQUAL,
        f"{folder} is reproduced to the bit: {compared(folder, again)}{_data_compared(folder)}.",
    )


def _refuse_other_run(folder: Path, record: dict[str, Any], again: Path, now: dict[str, Any]) -> None:
    """Raise a LikenessError where what runs is not what was recorded, as soon as it can be named."""
    for key, then, composed in differences(on_one_machine(record["config"]), now["config"]):
        raise LikenessError(
            f"The overrides of {folder} compose {key}={composed}, but {key}={then} is recorded."
        )
    if identity_of(now["source"]) != identity_of(record["source"]):
        raise LikenessError(
            f"Another source than the recorded one of {folder} was imported; check PYTHONPATH."
        )
    if not (again / LISTING).exists():  # files are named where they can be
        return
    then_listed, now_listed = read_listing(folder), read_listing(again)
    if changed := first_difference(then_listed, now_listed):
        raise LikenessError(other_data(folder, changed, then_listed, now_listed))
    for key, then, found in compare_values(record["data"], now["data"]):
        raise LikenessError(f"The data of {folder} are not what they were: {key} was {then} and is {found}.")


def _changed_environment(record: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What of the environment is not as it was; a run sets flags of its own, so they count when it has ended."""
    skipped = {"packages_sha256"} | ({"determinism"} if now["status"] == "running" else set())
    then, found = (
        {key: value for key, value in each["environment"].items() if key not in skipped}
        for each in (record, now)
    )
    changed = compare_values(then, found)
    return [f"{key.removeprefix('packages.')} {before} then, {after} now" for key, before, after in changed]


def _unequal(folder: Path, unequal: Unequal) -> Verdict:
    return Verdict(Outcome.UNEQUAL, f"{folder} is not reproduced: {unequal}{_data_compared(folder)}.")


def _data_compared(folder: Path) -> str:
    """How little of the data was compared beforehand, where that was not all."""
    listing = read_listing(folder)
    compared = how_compared(listing, listing)
    return f"; of the data, {compared}" if compared else ""


def _few(changed: Sequence[str]) -> str:
    more = f"; and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return "; ".join(changed[:_SHOWN]) + more
