"""The known word nearest to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 60  # known words in a sentence


def nearest(word: str, known: Iterable[str]) -> str:
    """The part of a sentence that names the known word nearest to `word`, or the known ones where none is near."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    more = f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return f"known are {', '.join(words[:SHOWN])}{more}."
