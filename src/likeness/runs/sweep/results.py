"""The results of a sweep's jobs, as they stand in the records of runs."""

import json
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Sweep
from likeness.errors import LikenessError
from likeness.runs.recipe import Recipe
from likeness.runs.record.data_files import compare_since
from likeness.runs.record.folder import RESULTS
from likeness.runs.record.key_in import key_in
from likeness.runs.record.logged import read_metrics
from likeness.runs.record.measured import recorded_interval
from likeness.runs.record.past import TRAINED, PastRun, order_of
from likeness.runs.record.record_file import RECORD, read_record
from likeness.runs.record.recording import ENDED
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.shape import Results
from likeness.runs.record.source import identity_of
from likeness.runs.sweep.outcome import Outcome, Validation
from likeness.runs.sweep.plan import Job
from likeness.runs.sweep.pruning import EarlierTrials, validations

log = logging.getLogger("likeness")


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
        try:
            if result := _result_of(run, job.config, sweep, earlier):
                return result
        except LikenessError as error:  # what it left is damaged
            log.warning("%s is not used again: %s", run.folder, error)
    return None


def _result_of(run: PastRun, config: TrainConfig, sweep: Sweep, earlier: EarlierTrials) -> Result | None:
    values = validations(run.folder, sweep)
    step = earlier.next_trial(config.trainer.max_steps).stopped_at(values)
    if step is not None:
        seen = [one for one in values if one.step <= step]
        return Result("pruned", run.folder, f"stopped at step {step}", validations=seen)
    return _measured(run.folder, config, sweep, values) if run.status == "finished" else None


def outcome_of(results: Sequence[Result]) -> Outcome:
    """How a trial ended, by its jobs: the mean of each objective where all of them finished."""
    statuses = {result.status for result in results}
    status = next(one for one in ("failed", "pruned", "finished") if one in statuses)
    seen = list(results[0].validations) if len(results) == 1 and status != "failed" else []
    if status != "finished":
        return Outcome(status, [], seen)
    columns = zip(*([one.value for one in result.objectives] for result in results), strict=True)
    return Outcome(status, [sum(column) / len(column) for column in columns], seen)


def measured_in(folder: Path, metric: str) -> Measurement | None:
    """What a finished run ended with; None where the metric has no value."""
    results: Results = SealedFiles(folder).read_json(RESULTS)
    measured = (results.get(TRAINED) or next(iter(results.values()), {})).get(metric)
    if measured is None or measured["value"] is None:
        return None
    return Measurement(measured["value"], *recorded_interval(measured))


def _last_validation(folder: Path, metric: str) -> Measurement | None:
    """What a run's last validation came to; None where there was none."""
    logged = [row.value for row in read_metrics(folder) if row.metric == metric]
    return Measurement(logged[-1], None, None) if logged and math.isfinite(logged[-1]) else None


def _measured(folder: Path, config: TrainConfig, sweep: Sweep, seen: Sequence[Validation]) -> Result:
    objectives = []
    for objective in sweep.objectives:
        known = _last_validation if objective.metric in config.validates else measured_in
        measured = known(folder, objective.metric)
        if measured is None:
            return Result("failed", folder, f"{objective.metric} has no value on these data")
        objectives.append(measured)
    return Result("finished", folder, None, objectives, seen)


class PastRuns:
    """The runs below the folders that jobs go to.

    Args:
        source: the hash of the source that counts, None without git.
        recipe_of: the recipe of a configuration, which knows what a job reads.
    """

    def __init__(self, source: str | None, recipe_of: Callable[[TrainConfig], Recipe]) -> None:
        self.source, self._recipe_of = source, recipe_of
        self._keys: dict[Path, str | None] = {}  # a run keeps its key
        self._data: dict[str, _Data] = {}  # by what of a configuration decides them

    def of(self, job: Job) -> list[PastRun]:
        """The runs of a job's configuration, the oldest first."""
        assert job.config is not None
        runs = []
        for path in Path(job.config.runs_dir, job.config.name).glob(f"*/{RECORD}"):
            if self._key_of(path.parent) != job.key:
                continue
            with suppress(LikenessError):  # a damaged record is nobody's
                runs.append(PastRun(path.parent, read_record(path.parent)))
        return sorted(runs, key=order_of)

    def comparable(self, job: Job) -> list[PastRun]:
        """Those of them that were made from the source that counts and from the data that are there now."""
        same = [run for run in self.of(job) if identity_of(run.record["source"]) == self.source]
        return [run for run in same if self._data_of(job).are_those_of(run)]

    def _key_of(self, folder: Path) -> str | None:
        if folder not in self._keys:
            self._keys[folder] = key_in(folder)
        return self._keys[folder]

    def _data_of(self, job: Job) -> "_Data":
        assert job.config is not None
        recipe = self._recipe_of(job.config)
        decisive = {name: value for name, value in job.config.plain().items() if name in recipe.family.inputs}
        key = json.dumps(decisive, sort_keys=True)
        if key not in self._data:
            self._data[key] = _Data(recipe)
        return self._data[key]


class _Data:
    """What jobs read that have this recipe, as it is now."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._changed: dict[str, str | None] = {}  # by a listing's hash what happened to its files

    def are_those_of(self, run: PastRun) -> bool:
        """Whether a run was made from them, as far as it can be told; not where they can't be read, as the job says."""
        if run.record["data"] != self._fingerprints:
            return False
        listing = (run.record.get("data_files") or {}).get("sha256", str(run.folder))
        if listing not in self._changed:
            changed, untold = compare_since(run.folder, self._recipe.files)
            self._changed[listing] = changed
            if untold and not changed:
                log.warning("%s is used again; of its data %s.", run.folder, untold)
        if self._changed[listing]:
            log.warning("%s is not used again: %s.", run.folder, self._changed[listing])
        return self._changed[listing] is None

    @cached_property
    def _fingerprints(self) -> dict[str, Any] | None:
        with suppress(LikenessError):
            return self._recipe.fingerprints
        return None
