"""The known name nearest to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 60  # known names in a sentence


def near(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, or None where none is near."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.5)), None)


def nearest(name: str, known: Iterable[str]) -> str:
    """The part of a sentence that names the known name nearest to `name`, or the known ones where none is near."""
    names = sorted(known)
    if close := near(name, names):
        return f"did you mean {close}?"
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"known are {', '.join(names[:SHOWN])}{more}."
