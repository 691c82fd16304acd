"""Follow a run by its folder: its steps as they are logged to `metrics.csv`, and what it leaves at the end."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from likeness.runs.record.folder import METRICS
from likeness.runs.trackers.tracker import Status, Tracker

Step = tuple[int, dict[str, float]]


class NewSteps:
    """Read a `metrics.csv` as it grows, a step at a time.

    Where the file is put in another's place, as when a run goes back to a checkpoint, it is read from its
    beginning: the numbers are the same up to there, and after it they are the same by exact resume.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._file: io.BufferedReader | None = None
        self._inode = 0
        self._step, self._metrics = 0, dict[str, float]()

    def whole(self) -> Iterator[Step]:
        """The steps that are whole by now, since a later one has begun; each is given once."""
        for line in self._new_lines():
            number, name, value = next(csv.reader([line]))
            if number == "step":
                continue
            if int(number) != self._step and self._metrics:
                yield self._step, self._metrics
                self._metrics = {}
            self._step = int(number)
            self._metrics[name] = float(value)

    def last(self) -> Iterator[Step]:
        """The last step, which nothing but the end of the run makes whole."""
        if self._metrics:
            yield self._step, self._metrics
        self._metrics = {}

    def _new_lines(self) -> list[str]:
        try:
            inode = os.stat(self._path).st_ino
        except FileNotFoundError:  # nothing is logged yet
            return []
        if self._file is None or inode != self._inode:
            self._file, self._inode, self._metrics = self._path.open("rb"), inode, {}
        start = self._file.tell()
        text = self._file.read()
        end = text.rfind(b"\n") + 1
        self._file.seek(start + end)
        return text[:end].decode().splitlines()


def follow(tracker: Tracker, folder: Path, ended: Callable[[], Status | None]) -> None:
    """Tell `tracker` of the run in `folder` until it has ended.

    Args:
        tracker: is told of whole steps later than it knows of, and at the end of results and figures.
        folder: the run's.
        ended: waits a little and says how the run ended, or None while it goes on.
    """
    steps = NewSteps(folder)
    status: Status | None = None
    while status is None:
        status = ended()
        _tell(tracker, steps.whole())
    if status != "interrupted":
        _tell(tracker, steps.last())
    if status == "finished" and (folder / "results.json").is_file():
        results = json.loads((folder / "results.json").read_text())
        tracker.log_results(tracker.told, results, sorted((folder / "figures").glob("*.png")))
    tracker.finish(status)


def _tell(tracker: Tracker, steps: Iterator[Step]) -> None:
    for step, metrics in steps:
        if step > tracker.told:
            tracker.log_metrics(step, metrics)
            tracker.told = step
