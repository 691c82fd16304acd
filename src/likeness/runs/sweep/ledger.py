"""`sweep.json`: what a sweep has done so far, written anew after every batch of jobs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.errors import LikenessError
from likeness.runs.record.folder import write_json
from likeness.runs.record.json_file import read_json
from likeness.runs.record.measured import as_recorded
from likeness.runs.record.record_file import refuse_edited, sealed
from likeness.runs.record.sweep_shape import Ledger
from likeness.runs.sweep.estimate import Estimate, best_trials
from likeness.runs.sweep.outcome import Outcome
from likeness.runs.sweep.plan import Job, Plan
from likeness.runs.sweep.results import Result
from likeness.runs.sweep.study import Trial

LEDGER = "sweep.json"


class EndedTrial(NamedTuple):
    """A trial that ended: its jobs with their results, its outcome, and an estimate of each objective.

    There are no `estimates` where a job did not finish; otherwise each is over the seeds, with its 95% interval.
    """

    trial: Trial
    jobs: list[Job]
    results: list[Result]
    outcome: Outcome
    estimates: list[Estimate]


class Tested(NamedTuple):
    """A measure of the test identities or images, and what it says of a sweep's winner."""

    metric: str
    estimate: Estimate


def best_of(plan: Plan, ended: Sequence[EndedTrial]) -> list[EndedTrial]:
    """The best trial, or with several objectives those that no other beats in all of them."""
    finished = [one for one in ended if one.outcome.status == "finished"]
    values = [one.outcome.values for one in finished]
    directions = [objective.direction for objective in plan.sweep.objectives]
    return [finished[place] for place in best_trials(values, directions)]


def write_ledger(
    plan: Plan,
    ended: Sequence[EndedTrial],
    under_way: Sequence[tuple[Job, Result]],
    source: str | None,
    status: str,
    tested: Tested | None = None,
) -> None:
    """Write the sweep's folder's `sweep.json`.

    Args:
        plan: the sweep.
        ended: its trials that have ended.
        under_way: the jobs that are done of a trial that is not.
        source: the hash of the source.
        status: how the sweep stands.
        tested: what the test says of the winner.
    """
    done = [pair for one in ended for pair in zip(one.jobs, one.results, strict=True)]
    write_json(
        plan.folder / LEDGER,
        sealed(
            {
                "id": plan.id,
                "name": plan.name,
                "status": status,
                "source": source,
                "sampler": _sampler(plan),
                "objectives": [objective.model_dump() for objective in plan.sweep.objectives],
                "space": {
                    key: one.model_dump(exclude_defaults=True) for key, one in plan.sweep.dimensions.items()
                },
                "overrides": plan.overrides,
                "jobs": [_job(plan, *pair) for pair in [*done, *under_way]],
                "trials": [_trial(one) for one in ended],
                "best": [job.number for one in best_of(plan, ended) for job in one.jobs],
                "tested": None
                if tested is None
                else {"metric": tested.metric, **as_recorded(tested.estimate)},
            }
        ),
    )


def failures(folder: Path, source: str | None) -> dict[str, str]:
    """Why jobs failed, by their keys, in a sweep of this source that was not brought to its end.

    What comes after a failure follows from it, so it stands until the sweep has ended; then it may be ended again.

    Raises:
        LikenessError: the file was edited.
    """
    try:
        ledger = read_json(folder / LEDGER, Ledger)
    except LikenessError:
        return {}
    refuse_edited(folder / LEDGER, ledger)
    if ledger["status"] != "running" or ledger["source"] != source:
        return {}
    return {job["key"]: str(job["reason"]) for job in ledger["jobs"] if job["status"] == "failed"}


def _sampler(plan: Plan) -> str:
    return "grid" if plan.sweep.sampler is None else plan.sweep.sampler.target.rpartition(".")[2]


def _job(plan: Plan, job: Job, result: Result) -> dict[str, Any]:
    return {
        "number": job.number,
        "trial": job.trial,
        "overrides": job.overrides,
        "parameters": job.parameters,
        "key": job.key,
        "run": os.path.relpath(result.run, plan.folder) if result.run else None,
        "status": result.status,
        "reason": result.reason,
        "values": [one.value for one in result.objectives],
        "intervals": [[one.low, one.high] for one in result.objectives],
    }


def _trial(ended: EndedTrial) -> dict[str, Any]:
    return {
        "number": ended.trial.number,
        "parameters": ended.trial.parameters,
        "jobs": [job.number for job in ended.jobs],
        "status": ended.outcome.status,
        "values": [as_recorded(one) for one in ended.estimates],
    }
