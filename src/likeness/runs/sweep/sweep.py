"""A sweep: trials are proposed, their jobs launched in batches, and the results told back, until the end.

Nothing but the runs themselves is needed to go on with a sweep that was killed: started again it proposes the same
trials, finds the results of those that were trained, and launches the rest, of which the unfinished one goes on.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobStatus
from rich.console import Console
from rich.markup import escape

from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import packages_named
from likeness.errors import LikenessError, sentence
from likeness.runs.recipe import Presentation, Recipe
from likeness.runs.record.folder import make_folder
from likeness.runs.record.lock import locked
from likeness.runs.record.output import lasting_output
from likeness.runs.record.source import capture_source
from likeness.runs.report.write import write_report
from likeness.runs.sweep.estimate import estimate
from likeness.runs.sweep.figures import write_figures
from likeness.runs.sweep.ledger import EndedTrial, Tested, failures, write_ledger
from likeness.runs.sweep.outcome import Outcome
from likeness.runs.sweep.plan import Compose, Job, Plan, launched_overrides, make_job, make_plan
from likeness.runs.sweep.pruning import EarlierTrials, write_earlier
from likeness.runs.sweep.results import PastRuns, Result, outcome_of, result_of
from likeness.runs.sweep.space import SEED
from likeness.runs.sweep.study import Grid, Search, Study, Trial
from likeness.runs.sweep.table import print_table
from likeness.runs.sweep.winner import refuse_without_validation, tested_winner

Launch = Callable[..., Sequence[JobReturn]]


def sweep(
    overrides: Sequence[Override],
    compose: Compose,
    launch: Launch,
    recipe_of: Callable[[TrainConfig], Recipe],
    *,
    beside: bool,
    config_dir: str | None = None,
) -> Path:
    """Run the sweep that overrides on a command line describe; returns its folder, and prints it last.

    Args:
        overrides: the overrides.
        compose: makes the checked configuration of a job's overrides.
        launch: a Hydra launcher's; trains the jobs of a list of lists of overrides.
        recipe_of: the recipe of a configuration.
        beside: whether the launcher runs the jobs of a list side by side.
        config_dir: the folder of the user's own configuration, where there is one.

    Raises:
        LikenessError: an override won't do, a job was preempted, or jobs failed (said when the others are done).
    """
    plan = make_plan(overrides, compose, beside=beside, config_dir=config_dir)
    recipe = recipe_of(plan.first)
    refuse_without_validation(plan, recipe)
    make_folder(plan.folder, "runs_dir=DIR")
    with locked(plan.folder), lasting_output():
        runs = PastRuns(capture_source(packages=packages_named(plan.first.plain())).identity, recipe_of)
        trials = _Trials(
            plan, compose, launch, runs, failures(plan.folder, runs.source), recipe.family.presentation
        )
        ended = trials.run()
        write_figures(plan, ended)
        write_report(plan.folder, recipe.family.presentation)
        print_table(plan, ended, trials.tested)
        print(plan.folder)
    results = [result for one in ended for result in one.results]
    if failed := [result for result in results if result.status == "failed"]:
        raise LikenessError(
            f"{len(failed)} of {len(results)} jobs of the sweep failed, the first one so: {failed[0].reason} "
            "The same command tries the failed ones again."
        )
    return plan.folder


class _Trials:
    """The trials of a sweep, one batch after the other."""

    def __init__(
        self,
        plan: Plan,
        compose: Compose,
        launch: Launch,
        runs: PastRuns,
        failures: dict[str, str],
        presentation: Presentation,
    ) -> None:
        self.plan, self.compose, self.launch, self.runs, self.failures = plan, compose, launch, runs, failures
        self.presentation = presentation
        self.numbers = count()
        self.ended: list[EndedTrial] = []
        self.earlier = EarlierTrials(plan.sweep)

    def run(self) -> list[EndedTrial]:
        """Try what the study proposes until it proposes nothing more."""
        study: Study = Search(self.plan.sweep) if self.plan.points is None else Grid(self.plan.points)
        self._write([], "running")
        while trials := study.ask(max(1, self.plan.batch // max(1, len(self.plan.seeds)))):
            jobs = [job for trial in trials for job in self._jobs_of(trial)]
            results: list[Result] = []
            for batch in _batches(jobs, self.plan.batch):
                results += self._results_of(batch)
                self._write(list(zip(jobs, results, strict=False)), "running")
            done = iter(zip(jobs, results, strict=True))
            for trial in trials:
                own = [next(done) for _ in range(max(1, len(self.plan.seeds)))]
                outcome = outcome_of([result for _, result in own])
                study.tell(trial, outcome)
                self.ended.append(self._ended(trial, own, outcome))
                self.earlier.add(outcome)
        failed = any(one.outcome.status == "failed" for one in self.ended)
        self._write([], "failed" if failed else "finished")
        return self.ended

    @property
    def tested(self) -> Tested | None:
        """What the test says of the winner until now."""
        return tested_winner(self.plan, self.ended, self.presentation)

    def _ended(self, trial: Trial, own: Sequence[tuple[Job, Result]], outcome: Outcome) -> EndedTrial:
        results = [result for _, result in own]
        columns = (
            zip(*(one.objectives for one in results), strict=True) if outcome.status == "finished" else ()
        )
        estimates = [
            estimate(column, self.presentation.bounds(objective.metric))
            for column, objective in zip(columns, self.plan.sweep.objectives, strict=False)
        ]
        return EndedTrial(trial, [job for job, _ in own], results, outcome, estimates)

    def _jobs_of(self, trial: Trial) -> Iterator[Job]:
        more = [{SEED: seed} for seed in self.plan.seeds] or [{}]
        for one in more:
            yield make_job(self.plan, next(self.numbers), trial, trial.parameters | one, self.compose)

    def _results_of(self, jobs: Sequence[Job]) -> list[Result]:
        """The results of jobs: those that are there already, and those of the jobs that are launched now."""
        known = {job.number: result for job in jobs if (result := self._known(job))}
        new = {
            job.key: job for job in reversed(jobs) if job.number not in known
        }  # one of those that are equal
        for job in jobs:
            what = "is there already" if job.number in known else "is trained"
            Console().print(f"[bold]job {job.number}[/bold] {escape(_said(job))} {what}", highlight=False)
        reasons = self._launch(list(reversed(new.values())))
        if any(reasons.values()):
            gc.collect()  # what a failed job left on the device
        return [known.get(job.number) or self._after(job, reasons[job.key]) for job in jobs]

    def _known(self, job: Job) -> Result | None:
        if job.refused is not None:
            return Result("failed", reason=job.refused)
        if job.key in self.failures:
            return Result("failed", reason=self.failures[job.key])
        return result_of(self.runs.comparable(job), job, self.plan.sweep, self.earlier)

    def _launch(self, jobs: Sequence[Job]) -> dict[str, str | None]:
        """Train the jobs; returns by their keys why they failed, or None."""
        if not jobs:
            return {}
        earlier = None
        if self.plan.sweep.pruner is not None:
            earlier = self.plan.folder / "earlier" / f"{len(self.ended):04d}.json"
            write_earlier(earlier, [one.outcome for one in self.ended])
        overrides = [launched_overrides(self.plan, job, earlier) for job in jobs]
        try:
            returns = self.launch(overrides, initial_job_idx=jobs[0].number)
        except Exception as error:  # the process of a job died, and with it what the others returned
            return {job.key: _reason(error) for job in jobs}
        # What a job raised is in a private field: to ask for `return_value` raises it, and prints.
        raised = [one._return_value if one.status == JobStatus.FAILED else None for one in returns]
        return {job.key: _reason(error) for job, error in zip(jobs, raised, strict=True)}

    def _after(self, job: Job, reason: str | None) -> Result:
        """The result of a job that was launched, by the record of its run."""
        # The last run is the job's own, though somebody may have changed the source since the sweep began.
        runs = self.runs.of(job)[-1:] if reason is None else self.runs.comparable(job)
        if result := result_of(runs, job, self.plan.sweep, self.earlier):
            return result
        last = runs[-1] if runs else None
        if last is not None and last.status in ("preempted", "interrupted"):
            raise LikenessError(
                f"Job {job.number} was {last.status}; the same command goes on with the sweep."
            )
        return Result("failed", last.folder if last else None, reason or "The job left no run behind.")

    def _write(self, under_way: Sequence[tuple[Job, Result]], status: str) -> None:
        tested = None if status == "running" else self.tested
        write_ledger(self.plan, self.ended, under_way, self.runs.source, status, tested)


def _batches(jobs: Sequence[Job], size: int) -> Iterator[Sequence[Job]]:
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]


def _said(job: Job) -> str:
    return " ".join(job.overrides[len(job.overrides) - len(job.parameters) :])


def _reason(error: BaseException | None) -> str | None:
    """Why a job failed, in one line; None where it raised nothing."""
    if error is None:
        return None
    if isinstance(error, LikenessError):
        return sentence(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
