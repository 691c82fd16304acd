"""Copies among what a run trains and tests on, told at its end, when every file has been hashed."""

import logging

from likeness.data.duplicates import duplicates_in
from likeness.recipes.embedding.measure import TestData
from likeness.recipes.embedding.readable import ReadableSplits

log = logging.getLogger("likeness")


def tell_duplicates(splits: ReadableSplits, tested: TestData) -> dict[str, object]:
    """Log how many samples are equal to the byte to an earlier one, and return what the record says of them."""
    read = {"train": splits.train, "validation": splits.validation, "test": tested.samples}
    found = duplicates_in({name: part for name, part in read.items() if part is not None})
    for copies, whose in ((found.within, "of one identity"), (found.across, "of two identities")):
        if copies:
            log.warning(
                "%d samples are copies to the byte, %s, of another: such as %s of %s.",
                len(copies),
                whose,
                copies[0].name,
                copies[0].first,
            )
    return found.plain()
