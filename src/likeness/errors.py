"""What a user can get wrong, said in one sentence."""

import os
import re
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EPERM, EROFS

_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^likeness\.errors\.\w+: ", re.MULTILINE)
"""Where in a traceback the message of an error of ours begins."""


class LikenessError(Exception):
    """A mistake that a user can mend: the message names the thing and the mend."""


class UnreadableImage(LikenessError):
    """An image whose bytes can't be decoded: another may take its place. It is none of what the file system says."""


class FileError(LikenessError):
    """A file or a folder that the system doesn't give or doesn't take: it says nothing about an image in it."""


class Pruned(Exception):
    """A job of a sweep was stopped early, since the trials before it did better."""


class Preempted(BaseException):
    """SIGTERM asked the process to end; not an `Exception`, so that nothing takes it for a failure and goes on."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the process with one sentence where the user made a mistake, or was asked to end it (status 128 + signal)."""
    try:
        yield
        _flush()
    except BrokenPipeError:
        if not _is_read():
            sys.exit(128 + signal.SIGPIPE)
        raise
    except LikenessError as error:
        sys.exit(f"likeness: {sentence(error)}")
    except KeyboardInterrupt:
        sys.stderr.write("likeness: interrupted; an unfinished run goes on with the same command\n")
        sys.exit(128 + signal.SIGINT)
    except Preempted:
        sys.stderr.write("likeness: ended by SIGTERM; an unfinished run goes on with the same command\n")
        sys.exit(128 + signal.SIGTERM)


def _flush() -> None:
    """Write what is left of the output; where nobody reads it, as behind `| head`, it goes nowhere."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def _is_read() -> bool:
    """Whether the standard output has a reader; where it has none, what is left of it goes nowhere."""
    asked = select.poll()
    asked.register(sys.stdout.fileno())
    gone = any(event & select.POLLERR for _, event in asked.poll(0))
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return not gone


def mend_of(error: OSError) -> str:
    """What lets a file be written which the system refused, as a request."""
    return "allow writing there" if error.errno in (EACCES, EPERM, EROFS) else "make room"


def one_line(said: object) -> str:
    """What somebody else's error says, as one line."""
    return " ".join(str(said).split())


def ended(said: str) -> str:
    """A sentence with its full stop, if it has no mark at its end yet."""
    return said if said.endswith((".", "?", "!")) else f"{said}."


def sentence(error: LikenessError) -> str:
    """What the error says, as one line; one from a loader's worker brings that worker's traceback, which it ends."""
    said = str(error).strip()
    if _TRACEBACK in said:
        *_, raised = _RAISED.finditer(said)
        said = said[raised.end() :]
    return " ".join(line.strip() for line in said.splitlines())
