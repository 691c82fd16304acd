"""The schema of a sweep: its sampler, its search space, what it looks for, and which trials it stops early."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, Positive

Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Objective(Node):
    """A metric of what was trained, and which way is better."""

    metric: str
    direction: Literal["maximize", "minimize"] = "maximize"


class Dimension(Node):
    """The values that a key may take: `choices`, or all from `low` to `high`, which are integers if both are."""

    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    log: bool = False
    choices: Annotated[list[Any], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _a_range_or_choices(self) -> "Dimension":
        if self.choices is not None:
            if self.model_fields_set != {"choices"}:
                raise ValueError("choices in sweep.space take no low, high, step or log")
            return self
        if self.low is None or self.high is None or not self.low < self.high:
            raise ValueError("a range in sweep.space needs low and high, and low below high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a range with log=true in sweep.space begins above 0 and takes no step")
        if self.step is not None and self.step <= 0:
            raise ValueError("a step in sweep.space is positive")
        if isinstance(self.step, float) and self.is_whole:
            raise ValueError("a range of integers in sweep.space takes a step that is an integer")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether the range is one of integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class Tpe(Node):
    """The tree-structured Parzen estimator (Bergstra et al. 2011)."""

    target: Literal["optuna.samplers.TPESampler"] = Field(alias="_target_")
    seed: Seed
    multivariate: bool
    n_startup_trials: Positive


class Random(Node):
    """Independent draws (Bergstra and Bengio 2012)."""

    target: Literal["optuna.samplers.RandomSampler"] = Field(alias="_target_")
    seed: Seed


Sampler = Annotated[Tpe | Random, Field(discriminator="target")]


class _Pruner(Node):
    metric: str


class Median(_Pruner):
    """Stop what is worse than the median of the trials before at the same step."""

    target: Literal["optuna.pruners.MedianPruner"] = Field(alias="_target_")
    n_startup_trials: Annotated[int, Field(ge=0)] = 5
    n_warmup_steps: Annotated[int, Field(ge=0)] = 0


class SuccessiveHalving(_Pruner):
    """Let the best share go on at each rung (Li et al. 2020, "A system for massively parallel tuning")."""

    target: Literal["optuna.pruners.SuccessiveHalvingPruner"] = Field(alias="_target_")
    min_resource: Positive
    reduction_factor: Annotated[int, Field(ge=2)] = 4


class Hyperband(_Pruner):
    """Successive halving from several first rungs (Li et al. 2018)."""

    target: Literal["optuna.pruners.HyperbandPruner"] = Field(alias="_target_")
    min_resource: Positive
    max_resource: Positive
    reduction_factor: Annotated[int, Field(ge=2)] = 3


Pruner = Annotated[Median | SuccessiveHalving | Hyperband, Field(discriminator="target")]


class Sweep(Node):
    """A search over keys; without a sampler, every combination is tried.

    With no objectives it looks for that of its family of tasks, `TrainConfig.objective`.
    A job of the sweep finds its `id` here, and in `earlier` a file of what is known of the trials before it.
    """

    sampler: Sampler | None = None
    trials: Positive | None = None
    parallel: Positive | None = None
    objectives: list[Objective] = Field(default_factory=list)
    space: dict[str, Dimension | None] = Field(default_factory=dict)
    pruner: Pruner | None = None
    id: str | None = None
    earlier: str | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> "Sweep":
        if self.sampler is not None and self.trials is None:
            raise ValueError("a sampler needs sweep.trials=NUMBER")
        if self.pruner is not None and len(self.objectives) > 1:
            raise ValueError("trials can't be stopped early for several objectives; set sweep.pruner=null")
        if len({objective.metric for objective in self.objectives}) < len(self.objectives):
            raise ValueError("each metric in sweep.objectives is named once")
        return self

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The search space; a key whose dimension is null was taken out of it."""
        return {key: dimension for key, dimension in self.space.items() if dimension is not None}
