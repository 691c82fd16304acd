"""What proposes the trials of a sweep: every combination in order, or a sampler of Optuna's by ask and tell.

Nothing is stored: what is proposed follows from the sampler's seed and from what was told, so that a sweep that is
started again proposes the same.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import optuna
from optuna.trial import TrialState

from likeness.config.schema.sweep import Sweep
from likeness.runs.sweep.optuna_parts import optuna_part
from likeness.runs.sweep.outcome import STATES, Outcome
from likeness.runs.sweep.space import Parameters, distribution

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Trial(NamedTuple):
    """A point of the search space, and its number, from 0."""

    number: int
    parameters: Parameters


class Study(Protocol):
    """Proposes trials and learns from their outcomes, which it is told in the order of the trials."""

    def ask(self, count: int) -> list[Trial]:
        """The next trials, `count` at most; none where the study is at its end."""

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn how a trial ended."""


class Grid:
    """The points of a list, one after the other."""

    def __init__(self, points: Sequence[Parameters]) -> None:
        self._trials = (Trial(number, point) for number, point in enumerate(points))

    def ask(self, count: int) -> list[Trial]:
        """The next points."""
        return list(islice(self._trials, count))

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """A grid does not learn."""


class Search:
    """As many trials as `sweep.trials`, proposed by `sweep.sampler`."""

    def __init__(self, sweep: Sweep) -> None:
        assert sweep.sampler is not None
        assert sweep.trials is not None
        self._left, self._dimensions = sweep.trials, sweep.dimensions
        self._distributions = {key: distribution(one) for key, one in sweep.dimensions.items()}
        self._study = optuna.create_study(
            sampler=optuna_part(sweep.sampler),
            directions=[objective.direction for objective in sweep.objectives],
        )
        self._open: dict[int, optuna.Trial] = {}

    def ask(self, count: int) -> list[Trial]:
        """The next proposals; those asked for at once don't know of each other's outcome."""
        asked = [self._study.ask(self._distributions) for _ in range(min(count, self._left))]
        self._left -= len(asked)
        self._open |= {trial.number: trial for trial in asked}
        return [Trial(trial.number, self._parameters(trial.params)) for trial in asked]

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Tell the sampler; of a pruned trial it learns the validations, of a failed one nothing."""
        asked = self._open.pop(trial.number)
        for step, value in outcome.validations:
            asked.report(value, step)
        self._study.tell(asked, outcome.values or None, state=TrialState[STATES[outcome.status]])

    def _parameters(self, proposed: dict[str, Any]) -> Parameters:
        """The values of the keys; Optuna proposes a choice by its place."""
        return {
            key: value if (choices := self._dimensions[key].choices) is None else choices[value]
            for key, value in proposed.items()
        }
