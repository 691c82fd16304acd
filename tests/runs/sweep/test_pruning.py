"""Where a pruner stops a trial: as a study that is made anew for every decision says, at a fraction of its cost."""

import math
import random
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import optuna
import pytest

from likeness.config.schema.sweep import Sweep
from likeness.runs.sweep.optuna_parts import optuna_part
from likeness.runs.sweep.outcome import STATES, Outcome, Validation
from likeness.runs.sweep.pruning import EarlierTrials

STEPS = range(10, 210, 10)
PRUNERS: dict[str, dict[str, Any]] = {
    "median": {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 3, "n_warmup_steps": 30},
    "successive halving": {
        "_target_": "optuna.pruners.SuccessiveHalvingPruner",
        "min_resource": 20,
        "reduction_factor": 2,
    },
    "hyperband": {"_target_": "optuna.pruners.HyperbandPruner", "min_resource": 10, "max_resource": 200},
}


def sweep_with(pruner: str, direction: str = "maximize") -> Sweep:
    return Sweep.model_validate(
        {
            "objectives": [{"metric": "retrieval/map@r", "direction": direction}],
            "pruner": {**PRUNERS[pruner], "metric": "validation/accuracy"},
        }
    )


def stopped_by_a_new_study(
    sweep: Sweep, earlier: Sequence[Outcome], values: Sequence[Validation], max_steps: int
) -> int | None:
    """Every trial gone through again, and the pruner asked at each of its validations."""
    assert sweep.pruner is not None
    study = optuna.create_study(
        study_name="sweep",
        pruner=optuna_part(sweep.pruner),
        sampler=optuna.samplers.RandomSampler(seed=0),
        direction=sweep.objectives[0].direction,
    )
    for outcome in earlier:
        trial = study.ask()
        for step, value in outcome.validations:
            trial.report(value, step)
            trial.should_prune()
        study.tell(trial, outcome.values or None, state=optuna.trial.TrialState[STATES[outcome.status]])
    trial = study.ask()
    for step, value in values:
        trial.report(value, step)
        if step < max_steps and trial.should_prune():
            return step
    return None


def drawn_validations(draws: random.Random, better: int) -> list[Validation]:
    """A noisy way to a level, now and then with what is not a number, or none at all; some end before the last step."""
    level, ended = draws.random(), draws.choice([*STEPS, *[STEPS[-1]] * len(STEPS)])
    values = [
        better * level * (1 - 0.9 ** (step / 10)) + draws.choice([0, 0.2]) * draws.random() for step in STEPS
    ]
    seen = [Validation(step, value) for step, value in zip(STEPS, values, strict=True) if step <= ended]
    if draws.random() < 0.1:
        place = draws.randrange(len(seen))
        seen[place] = Validation(seen[place].step, math.nan)
    return seen if draws.random() < 0.9 else []


def ended(values: list[Validation], stopped: int | None, draws: random.Random) -> Outcome:
    """How a trial ends with these validations."""
    if stopped is not None:
        return Outcome("pruned", [], [one for one in values if one.step <= stopped])
    if draws.random() < 0.15:
        return Outcome("failed", [], [])
    return Outcome("finished", [draws.random()], values)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("seed", range(4))
def test_decisions_are_those_of_a_study_that_is_made_anew(pruner: str, direction: str, seed: int) -> None:
    draws = random.Random(f"{pruner} {direction} {seed}")
    sweep = sweep_with(pruner, direction)
    growing = EarlierTrials(sweep)
    outcomes: list[Outcome] = []
    stops: set[int | None] = set()
    while len(outcomes) < 40:
        ends = []
        for _ in range(draws.choice([1, 1, 3])):  # trials side by side know of the same ones
            values = drawn_validations(draws, 1 if direction == "maximize" else -1)
            expected = stopped_by_a_new_study(sweep, outcomes, values, STEPS[-1])
            trial = growing.next_trial(STEPS[-1])
            step_by_step = [trial.stopped_at(values[: until + 1]) for until in range(len(values))]
            assert all(
                step == (expected if expected is not None and expected <= seen.step else None)
                for step, seen in zip(step_by_step, values, strict=True)
            )
            assert growing.next_trial(STEPS[-1]).stopped_at(values) == expected
            assert EarlierTrials(sweep, outcomes).next_trial(STEPS[-1]).stopped_at(values) == expected
            stops.add(expected)
            ends.append(ended(values, expected, draws))
        for outcome in ends:
            growing.add(outcome)
        outcomes += ends
    assert None in stops
    assert len(stops) > 2


def test_without_a_pruner_nothing_is_stopped() -> None:
    earlier = EarlierTrials(Sweep(), [Outcome("finished", [1.0], [Validation(10, 1.0)])] * 9)
    assert earlier.next_trial(100).stopped_at([Validation(10, -1.0)]) is None


def outcomes_of(trials: int, validations: int = 50) -> list[Outcome]:
    draws = random.Random(trials)
    steps = range(1, validations + 1)
    return [
        Outcome("finished", [1.0], [Validation(4 * step, draws.random()) for step in steps])
        for _ in range(trials)
    ]


def seconds_by_size(timed: Callable[[int], float], sizes: Sequence[int]) -> list[float]:
    """The medians of what is timed at each size, taken in turns."""
    rounds = [[timed(size) for size in sizes] for _ in range(5)]
    return [median(column) for column in zip(*rounds, strict=True)]


@pytest.mark.parametrize("pruner", PRUNERS)
def test_the_cost_of_a_decision_hardly_grows_with_the_trials(pruner: str) -> None:
    sweep = sweep_with(pruner)
    values = [Validation(4 * step, 1.0) for step in range(1, 51)]
    known = {trials: EarlierTrials(sweep, outcomes_of(trials)) for trials in (25, 100)}

    def timed(trials: int) -> float:
        trial = known[trials].next_trial(201)
        begun = time.perf_counter()
        for until in range(len(values)):
            trial.stopped_at(values[: until + 1])
        return time.perf_counter() - begun

    few, many = seconds_by_size(timed, (25, 100))
    assert many < 8 * few  # linear would be 4


@pytest.mark.parametrize("pruner", PRUNERS)
def test_looking_at_finished_runs_is_near_linear_in_their_number(pruner: str) -> None:
    sweep = sweep_with(pruner)

    def timed(trials: int) -> float:
        growing = EarlierTrials(sweep)
        begun = time.perf_counter()
        for outcome in outcomes_of(trials):
            growing.next_trial(200).stopped_at(outcome.validations)
            growing.add(outcome)
        return time.perf_counter() - begun

    few, many = seconds_by_size(timed, (20, 80))
    assert many < 10 * few  # linear would be 4, a new study for each 16
