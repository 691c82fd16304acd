"""The results of a sweep's jobs, as they stand in the records of runs."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Sweep
from likeness.errors import LikenessError
from likeness.runs.recipe import Recipe
from likeness.runs.record.folder import RESULTS
from likeness.runs.record.past import TRAINED, PastRun
from likeness.runs.record.record_file import RECORD, read_record
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.source import identity_of
from likeness.runs.resume import ENDED
from likeness.runs.sweep.outcome import Outcome, Validation
from likeness.runs.sweep.plan import Job
from likeness.runs.sweep.pruning import EarlierTrials, validations


class Measurement(NamedTuple):
    """An objective of one run, with its 95% interval where it has one."""

    value: float
    low: float | None
    high: float | None


class Result(NamedTuple):
    """How a job ended: its status (finished, pruned or failed), its run, why it did not finish, its objectives."""

    status: str
    run: Path | None = None
    reason: str | None = None
    objectives: Sequence[Measurement] = ()
    validations: Sequence[Validation] = ()


def result_of(runs: Sequence[PastRun], job: Job, sweep: Sweep, earlier: EarlierTrials) -> Result | None:
    """The result of a job by the first of `runs` that ended, or None where there is none.

    Whether the pruner stops the run is decided anew, by its validations and the trials `earlier`.
    """
    assert job.config is not None
    for run in runs:
        if run.status not in ENDED:
            continue
        values = validations(run.folder, sweep)
        step = earlier.next_trial(job.config.trainer.max_steps).stopped_at(values)
        if step is not None:
            seen = [one for one in values if one.step <= step]
            return Result("pruned", run.folder, f"stopped at step {step}", validations=seen)
        if run.status == "finished":
            return _measured(run.folder, sweep, values)
    return None


def outcome_of(results: Sequence[Result]) -> Outcome:
    """How a trial ended, by its jobs: the mean of each objective where all of them finished."""
    statuses = {result.status for result in results}
    status = next(one for one in ("failed", "pruned", "finished") if one in statuses)
    seen = list(results[0].validations) if len(results) == 1 and status != "failed" else []
    if status != "finished":
        return Outcome(status, [], seen)
    columns = zip(*([one.value for one in result.objectives] for result in results), strict=True)
    return Outcome(status, [sum(column) / len(column) for column in columns], seen)


def _measured(folder: Path, sweep: Sweep, seen: Sequence[Validation]) -> Result:
    results = SealedFiles(folder).read_json(RESULTS)
    measured = results.get(TRAINED) or next(iter(results.values()))
    objectives = []
    for objective in sweep.objectives:
        metric = measured.get(objective.metric)
        if metric is None or metric["value"] is None:
            return Result("failed", folder, f"{objective.metric} has no value on these test data")
        objectives.append(Measurement(metric["value"], metric["low"], metric["high"]))
    return Result("finished", folder, None, objectives, seen)


class PastRuns:
    """The runs below the folders that jobs go to.

    Args:
        source: the hash of the source that counts, None without git.
        recipe_of: the recipe of a configuration, which knows what a job reads.
    """

    def __init__(self, source: str | None, recipe_of: Callable[[TrainConfig], Recipe]) -> None:
        self.source, self._recipe_of = source, recipe_of
        self._ended: dict[Path, dict[str, Any]] = {}  # their records don't change any more
        self._data: dict[
            str, dict[str, Any] | None
        ] = {}  # fingerprints, by what of a configuration decides them

    def of(self, job: Job) -> list[PastRun]:
        """The runs of a job's configuration, the oldest first."""
        assert job.config is not None
        runs = []
        for path in Path(job.config.runs_dir, job.config.name).glob(f"*/{RECORD}"):
            record = self._ended.get(path.parent) or self._read(path.parent)
            if record.get("key") == job.key:
                runs.append(PastRun(path.parent, record))
        return sorted(runs, key=lambda run: str(run.record["started"]))

    def comparable(self, job: Job) -> list[PastRun]:
        """Those of them that were made from the source that counts and from the data that are there now."""
        same = [run for run in self.of(job) if identity_of(run.record["source"]) == self.source]
        return [run for run in same if run.record["data"] == self._data_of(job)]

    def _data_of(self, job: Job) -> dict[str, Any] | None:
        """The fingerprints of what a job reads; None where it can't be read, which the job will say."""
        assert job.config is not None
        recipe = self._recipe_of(job.config)
        decisive = {name: value for name, value in job.config.plain().items() if name in recipe.family.inputs}
        key = json.dumps(decisive, sort_keys=True)
        if key not in self._data:
            try:
                self._data[key] = recipe.fingerprints
            except LikenessError:
                self._data[key] = None
        return self._data[key]

    def _read(self, folder: Path) -> dict[str, Any]:
        try:
            record = read_record(folder)
        except LikenessError:  # a damaged record is nobody's
            return {}
        kept = {name: record.get(name) for name in ("key", "source", "data", "status", "started")}
        if kept["status"] in ENDED:
            self._ended[folder] = kept
        return kept
