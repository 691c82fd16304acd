"""How the files that one past run read differ from those of another."""

from collections.abc import Iterator

from likeness.runs.record.data_files import FULL, first_difference, how_compared, read_listing
from likeness.runs.record.past import PastRun


def compare_data_files(first: PastRun, second: PastRun) -> Iterator[str]:
    """Lines that say how the listings of two runs differ, and how little was compared; none where all is the same."""
    how = [(run.record.get("data_files") or {}).get("hash", FULL) for run in (first, second)]
    if how[0] != how[1]:
        yield f"hash: {how[0]} and {how[1]}"
    try:
        listings = [read_listing(run.folder) for run in (first, second)]
    except (OSError, ValueError):
        yield "The files of one of them are not listed."
        return
    if changed := first_difference(*listings):
        yield changed
    if compared := how_compared(*listings):
        yield compared
