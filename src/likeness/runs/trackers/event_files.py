"""TensorBoard's event files, written without TensorFlow and torch."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likeness.runs.trackers.results_table import markdown_table, single_numbers
from likeness.runs.trackers.tracker import Results, Status, TrackedRun

SECONDS_TO_DISK = 10


class EventFiles:
    """Event files in the run's folder `tensorboard`; those of a run that goes on are written anew.

    Args:
        run: what is tracked.
        group: shown with the configuration; by default the sweep or the experiment.
        tags: shown with the configuration.
    """

    def __init__(self, run: TrackedRun, *, group: str | None, tags: list[str]) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.plugins.text.summary_v2 import text_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary, self._text = event_pb2.Event, summary_pb2.Summary, text_pb
        folder = run.folder / "tensorboard"
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._writer = EventFileWriter(str(folder), flush_secs=SECONDS_TO_DISK)
        self.told = 0
        about = {**run.settings, "group": run.group(group), "tags": " ".join(tags)}
        lines = [
            "| key | value |",
            "| --- | --- |",
            *(f"| {key} | {value} |" for key, value in about.items()),
        ]
        self._write(0, self._text("config", "\n".join(lines)))
        self._write(0, hparams_pb({key: _hyperparameter(value) for key, value in about.items()}))

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Scalars, in TensorBoard's float32."""
        value = self._summary.Value
        self._write(step, self._summary(value=[value(tag=tag, simple_value=x) for tag, x in metrics.items()]))

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        """Scalars, a table under TEXT, and the figures under IMAGES."""
        self.log_metrics(step, single_numbers(results))
        self._write(step, self._text("results", markdown_table(results)))
        for figure in figures:
            image = self._summary.Image(encoded_image_string=figure.read_bytes())
            value = self._summary.Value(tag=f"figures/{figure.stem}", image=image)
            self._write(step, self._summary(value=[value]))

    def finish(self, status: Status) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, step: int, summary: Any) -> None:
        self._writer.add_event(self._event(step=step, wall_time=time.time(), summary=summary))


def _hyperparameter(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)
