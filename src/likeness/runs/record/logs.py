"""What a run says: on the terminal, and in its folder's log.txt."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.logging import RichHandler

LOGGERS = ("likeness", "pytorch_lightning", "lightning.pytorch", "py.warnings")


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Write what is logged to `path`, all of it, and to the terminal."""
    file = logging.FileHandler(path, encoding="utf-8", errors="surrogateescape")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handlers: list[logging.Handler] = [file, RichHandler(show_time=False, show_path=False, markup=False)]
    logging.captureWarnings(True)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    logging.getLogger("likeness").setLevel(logging.INFO)
    for logger in loggers:
        logger.handlers, logger.propagate = list(handlers), False
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger in loggers:
            logger.handlers = []
        file.close()
