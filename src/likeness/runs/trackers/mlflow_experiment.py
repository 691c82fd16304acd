"""MLflow, in a database and a folder on this machine: https://mlflow.org/docs/latest."""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from likeness.runs.trackers.results_table import markdown_table, single_numbers
from likeness.runs.trackers.tracker import Results, Status, TrackedRun

STORE = ".mlflow"  # below runs_dir
RUN = "likeness.run"  # the tag with our run's name, by which a run that goes on is found
PARAMETERS_AT_ONCE, METRICS_AT_ONCE = 100, 900  # MLflow takes no more
SECONDS_TO_DISK = 2.0
STATUS = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


class MlflowExperiment:
    """A run in an MLflow experiment below the folder of runs, or at `MLFLOW_TRACKING_URI`.

    Args:
        run: what is tracked.
        project: MLflow's experiment.
        group: a tag; by default the sweep or the experiment.
        tags: tags whose value is true.
    """

    def __init__(self, run: TrackedRun, *, project: str, group: str | None, tags: list[str]) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        import mlflow

        self._mlflow = mlflow
        store = run.runs_dir / STORE
        store.mkdir(exist_ok=True)
        with (store / "lock").open("w") as lock:  # two runs that start at once would both make the database
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._client = mlflow.MlflowClient(
                os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{store / 'mlflow.db'}")
            )
            experiment = self._client.get_experiment_by_name(project)
            home = (
                experiment.experiment_id
                if experiment
                else self._client.create_experiment(project, artifact_location=(store / "artifacts").as_uri())
            )
        found = self._client.search_runs([home], filter_string=f"tags.`{RUN}` = '{run.name}'", max_results=1)
        self._waiting: list[Any] = []
        self._written = time.monotonic()
        if found:
            self._id = found[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
            self.told = max(self._steps(found[0].data.metrics), default=0)
        else:
            about = {RUN: run.name, "group": run.group(group), **dict.fromkeys(tags, "true")}
            self._id = self._client.create_run(home, run_name=run.name, tags=about).info.run_id
            self._log_parameters(run.settings)
            self._client.log_dict(self._id, run.config, "config.yaml")
            self.told = 0

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Metrics, of several steps at once."""
        now = int(time.time() * 1000)
        self._waiting += [
            self._mlflow.entities.Metric(_name(name), value, now, step) for name, value in metrics.items()
        ]
        if len(self._waiting) > METRICS_AT_ONCE / 2 or time.monotonic() > self._written + SECONDS_TO_DISK:
            self._write()

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        """Metrics, `results.json`, the table as `results.md`, and the figures."""
        self.log_metrics(step, single_numbers(results))
        self._client.log_dict(self._id, dict(results), "results.json")
        self._client.log_text(self._id, markdown_table(results), "results.md")
        for figure in figures:
            self._client.log_artifact(self._id, str(figure), "figures")

    def finish(self, status: Status) -> None:
        """Write what waits, and close MLflow's run."""
        self._write()
        self._client.set_terminated(self._id, STATUS[status])

    def _write(self) -> None:
        for start in range(0, len(self._waiting), METRICS_AT_ONCE):
            self._client.log_batch(self._id, metrics=self._waiting[start : start + METRICS_AT_ONCE])
        self._waiting, self._written = [], time.monotonic()

    def _log_parameters(self, settings: Mapping[str, Any]) -> None:
        parameters = [self._mlflow.entities.Param(key, str(value)) for key, value in settings.items()]
        for start in range(0, len(parameters), PARAMETERS_AT_ONCE):
            self._client.log_batch(self._id, params=parameters[start : start + PARAMETERS_AT_ONCE])

    def _steps(self, names: Mapping[str, float]) -> Iterator[int]:
        for name in names:
            yield max(metric.step for metric in self._client.get_metric_history(self._id, name))


def _name(metric: str) -> str:
    """A name that MLflow takes: `tar@far=1e-3` becomes `tar_at_far_1e-3`."""
    return re.sub(r"[^\w\-. :/]", "_", metric.replace("@", "_at_"))
