"""Which values of the records of several past runs differ, and which of the files that they read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from likeness.config.key import compare_values, leaves
from likeness.runs.record.data_files import FULL, first_difference, how_compared, read_listing
from likeness.runs.record.folder import LISTING
from likeness.runs.record.past import MISSING, PastRun
from likeness.runs.record.sealed import SealedFiles


class Differing(NamedTuple):
    """A dotted key with its value in each run, MISSING where a run lacks it."""

    key: str
    values: list[Any]


class Measured(NamedTuple):
    """A final metric in each run ({value, low, high, count}), None where a run lacks it."""

    metric: str
    runs: list[Mapping[str, Any] | None]


def differing(parts: Sequence[dict[str, Any]]) -> list[Differing]:
    """The dotted keys under which nested dictionaries don't all have the same value."""
    first, *others = parts
    keys = dict.fromkeys(one.key for other in others for one in compare_values(first, other))
    flat = [dict(leaves(part)) for part in parts]
    return [Differing(key, [values.get(key, MISSING) for values in flat]) for key in keys]


def measured(runs: Sequence[PastRun]) -> list[Measured]:
    """The final metrics of the encoder that each run is about."""
    names = dict.fromkeys(name for run in runs for name in run.final)
    return [Measured(name, [run.final.get(name) for run in runs]) for name in names]


def compare_data_files(first: PastRun, second: PastRun) -> Iterator[str]:
    """Lines that say how the listings of two runs differ, and how little was compared; none where all is the same."""
    how = [(run.record.get("data_files") or {}).get("hash", FULL) for run in (first, second)]
    if how[0] != how[1]:
        yield f"hash: {how[0]} and {how[1]}"
    if not all(SealedFiles(run.folder).has(LISTING) for run in (first, second)):
        yield "The files of one of them are not listed."
        return
    listings = [read_listing(run.folder) for run in (first, second)]
    if changed := first_difference(*listings):
        yield changed
    if compared := how_compared(*listings):
        yield compared
