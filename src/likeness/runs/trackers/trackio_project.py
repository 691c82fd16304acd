"""Trackio, a dashboard on this machine without an account: https://huggingface.co/docs/trackio."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from likeness.runs.trackers.results_table import COLUMNS, single_numbers, table_rows
from likeness.runs.trackers.tracker import Results, Status, TrackedRun

STORE = ".trackio"  # below runs_dir


def trackio_of(runs_dir: Path) -> ModuleType:
    """The library, set to keep what it knows below `runs_dir` and to ask nothing of any network."""
    os.environ["TRACKIO_DIR"] = str(runs_dir.resolve() / STORE)  # read as trackio is imported
    os.environ["HF_HUB_OFFLINE"] = "1"
    import trackio

    return trackio


class TrackioProject:
    """A run in a Trackio project below the folder of runs.

    Args:
        run: what is tracked.
        project: Trackio's project.
        group: Trackio's group; by default the sweep or the experiment.
        tags: kept with the configuration.
    """

    def __init__(self, run: TrackedRun, *, project: str, group: str | None, tags: list[str]) -> None:
        self._trackio = trackio_of(run.runs_dir)
        from trackio.sqlite_storage import SQLiteStorage

        self._run = self._trackio.init(
            project,
            name=run.name,
            group=run.group(group),
            config={**run.settings, "tags": tags},
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        self.told = SQLiteStorage.get_max_step_for_run(project, run.name) or 0
        self._has_results = bool(
            SQLiteStorage.get_metric_values(project, run.name, "results", step=self.told)
        )

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """A row of the run's."""
        self._run.log(dict(metrics), step=step)

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        """Bars of the first encoder's numbers, the table of all, and the figures; nothing where they are there."""
        if self._has_results:
            return
        first = next(iter(results))
        images = {f"figures/{figure.stem}": self._trackio.Image(figure) for figure in figures}
        table = self._trackio.Table(columns=COLUMNS, data=table_rows(results))
        self._run.log({**single_numbers({first: results[first]}), "results": table, **images}, step=step)

    def finish(self, status: Status) -> None:
        """Write what waits to be written."""
        self._run.finish()
