"""The end of what is measured: it is written, and said."""

import logging

from likeness.errors import LikenessError
from likeness.runs.encodings.measuring.measure import Measured, TestData
from likeness.runs.encodings.measuring.results import write_results
from likeness.runs.record.recording import Recording
from likeness.runs.table import print_table
from likeness.runs.training.broken import noted_broken

log = logging.getLogger("likeness")


def conclude(run: Recording, measured: Measured, tested: TestData) -> None:
    """Write the results, and say them, with the pictures that could not be read.

    Raises:
        LikenessError: the disk is full.
    """
    names = sorted({*noted_broken(run.folder), *tested.pictures.broken})
    run.outcome["broken_pictures"] = names
    try:
        write_results(run.folder, measured, tested)
    except OSError as error:
        raise LikenessError(
            f"The results can't be written to {run.folder} ({error.strerror}); make room and run the same command "
            "again: it goes on from the last checkpoint."
        ) from error
    print_table("On the test people: per cent [95% interval]", measured.metrics)
    if names:
        log.warning("%d pictures could not be read and were left out: %s", len(names), ", ".join(names[:10]))
