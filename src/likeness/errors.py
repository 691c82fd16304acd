"""What a user can get wrong, said in one sentence."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class LikenessError(Exception):
    """A mistake that a user can mend: the message names the thing and the mend."""


class BrokenPicture(LikenessError):
    """A picture that cannot be decoded."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the process with one sentence where the user made a mistake, and with status 130 on Ctrl-C."""
    try:
        yield
    except LikenessError as error:
        sys.exit(f"likeness: {sentence(error)}")
    except KeyboardInterrupt:
        sys.stderr.write("likeness: interrupted\n")
        sys.exit(130)


def sentence(error: LikenessError) -> str:
    """What the error says; one from a loader's worker brings that worker's traceback, whose last line it is."""
    last = str(error).strip().splitlines()[-1]
    return re.sub(r"^likeness\.errors\.\w+: ", "", last)
