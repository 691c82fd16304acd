"""Weights & Biases: https://docs.wandb.ai."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from likeness.errors import one_line
from likeness.runs.trackers.hidden import without_secrets
from likeness.runs.trackers.results_table import COLUMNS, single_numbers, table_rows
from likeness.runs.trackers.tracker import NOTICE, Results, Status, TrackedRun

Mode = Literal["offline", "online"]


class WeightsAndBiases:
    """A W&B run with the id of our run, kept in the run's folder; where the server can't be reached, there alone.

    Online, a run that goes on continues the W&B run. Offline, nothing is known of what was written before, and the
    new offline folder holds the whole run: it is the one to sync.

    Args:
        run: what is tracked.
        project: W&B's project.
        group: W&B's group; by default the sweep or the experiment.
        tags: W&B's tags.
        mode: whether the server is told at once.
    """

    def __init__(
        self, run: TrackedRun, *, project: str, group: str | None, tags: list[str], mode: Mode
    ) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        os.environ.setdefault("WANDB_INIT_TIMEOUT", "30")  # seconds until it is said that there is no network
        import wandb

        self._wandb = wandb

        def begin(mode: Mode) -> Any:
            return wandb.init(
                project=project,
                id=run.folder.name,
                resume="allow",
                name=run.name,
                group=run.group(group),
                tags=tags,
                dir=str(run.folder),
                mode=mode,
                settings=wandb.Settings(silent=True, console="off"),
            )

        try:
            self._run = begin(mode)
        except wandb.errors.Error as error:  # no network, no login
            if mode == "offline":
                raise
            said = f"W&B can't be reached and the run is kept for wandb sync: {one_line(error)}"
            print(f"{NOTICE}{without_secrets(said)}", flush=True)
            wandb.teardown()  # its service believes that the run is under way
            self._run = begin("offline")
        self._run.config.update(run.config, allow_val_change=True)
        self.told = self._run.step - 1

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """A row of W&B's history."""
        self._run.log(dict(metrics), step=step)

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        """Numbers in W&B's summary, the table `results`, and the figures; all at W&B's latest step."""
        self._run.summary.update(single_numbers(results))
        table = self._wandb.Table(columns=COLUMNS, data=table_rows(results))
        images = {f"figures/{figure.stem}": self._wandb.Image(str(figure)) for figure in figures}
        self._run.log({"results": table, **images})

    def finish(self, status: Status) -> None:
        """Wait for what is not sent yet."""
        self._run.finish(exit_code=0 if status == "finished" else 1)
