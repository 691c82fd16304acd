"""Which faces of a photograph are taken; without torch, for the command line."""

from enum import StrEnum


class Taken(StrEnum):
    """Which faces of a photograph are taken; `one`: the only one, and none where there are several."""

    largest = "largest"
    all = "all"
    one = "one"
