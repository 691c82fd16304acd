"""`metrics.csv`: every number that training logs, a row each, at full precision; only ever appended to."""

from argparse import Namespace
from collections.abc import Mapping
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from likeness.errors import LikenessError, mend_of
from likeness.runs.record.appended import Head, begins_with
from likeness.runs.record.folder import METRICS, to_disk, write_lines, write_text
from likeness.runs.record.logged import HEADER, is_whole, readable_metrics


class MetricsFile(Logger):
    """Append what Lightning logs to the `metrics.csv` of a run's folder; its steps count from 1.

    Raises:
        LikenessError: the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / METRICS
        if not self.path.exists():
            write_text(self.path, HEADER)
        self._file = self.path.open("a")
        known = self.path.read_bytes()
        self._bytes, self._digest = len(known), sha256(known)

    name = "metrics"
    version = ""

    @property
    def save_dir(self) -> str:
        """The run's folder, which callbacks know as `trainer.log_dir`."""
        return str(self.path.parent)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row for each metric, in the order of their names."""
        assert step is not None
        rows = [
            f"{step + 1},{name},{value!r}\n"
            for name, value in sorted(metrics.items())
            if name != "epoch"  # the data are one endless pass
        ]
        self._write("".join(rows))

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """The configuration stands in the record."""

    def to_disk(self) -> Head:
        """Leave nothing to the operating system's memory: what a checkpoint counts on survives a power cut.

        Returns what has been written by now.
        """
        to_disk(self._file)
        return Head(self._bytes, self._digest.hexdigest())

    def finalize(self, status: str) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
            self._bytes += len(text.encode())
            self._digest.update(text.encode())
        except OSError as error:
            raise LikenessError(
                f"{self.path} can't be written ({error.strerror}); {mend_of(error)} and run the same command again: "
                "it goes on from the last checkpoint."
            ) from error


def begins_as(folder: Path, head: Head | None) -> bool:
    """Whether a run's file begins with that; where nobody knows what it should, whether it is there and is whole."""
    path = folder / METRICS
    return begins_with(path, head) if head else path.is_file() and is_whole(folder)


def cut_metrics(folder: Path, step: int) -> None:
    """Leave out what was logged after `step`, which is going to be logged again, and whatever is no row.

    Raises:
        LikenessError: the disk is full.
    """
    if (folder / METRICS).is_file():
        rows = (row for row in readable_metrics(folder) if row.step <= step)
        lines = (f"{row.step},{row.metric},{row.value!r}\n" for row in rows)
        write_lines(folder / METRICS, chain([HEADER], lines))
