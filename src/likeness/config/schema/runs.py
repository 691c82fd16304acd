"""The schema of a whole configuration: what every run has, and what a run of a family of tasks says of itself."""

import os
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from likeness.config.nearest import nearest
from likeness.config.schema.base import Node, Place
from likeness.config.schema.callbacks import BestCheckpoint, Callback, Monitoring, StepProfiler
from likeness.config.schema.debug import Debug
from likeness.config.schema.optimization import Scheduler
from likeness.config.schema.sweep import Objective, Sweep
from likeness.config.schema.training import Checkpoints, Loader, Trackers, Trainer

_LONGEST = 255
"""Bytes of a file's name, on whichever file system."""


class RunConfig(Node):
    """What every run has, trained or not.

    `trust` are the packages whose parts the configuration may name, beside this project's own.
    """

    name: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    runs_dir: Place
    loader: Loader
    trust: list[str] = Field(default_factory=list)

    @field_validator("name")
    @classmethod
    def _one_folder(cls, name: str) -> str:
        if name != PurePath(name).name or name in {"", ".", ".."}:
            raise ValueError("name is a folder's name below runs_dir and takes no slash")
        if not name.isprintable() or len(os.fsencode(name)) > _LONGEST:
            raise ValueError(
                f"name is a folder's name below runs_dir: at most {_LONGEST} bytes, and no line breaks or other "
                "characters that can't be seen"
            )
        return name


class TrainConfig(RunConfig):
    """What every run of `likeness train` has; a family of tasks adds its parts.

    `measures` are the metrics, or patterns of them, that such a run ends with, and `validates` those that it logs at
    each validation, by which trials can be compared and stopped. `objective` is what a sweep over such runs looks for
    by itself: one of `validates`, where there is one. `headline` is then the measure that is shown of its winner.
    """

    objective: ClassVar[Objective]
    headline: ClassVar[str | None] = None
    measures: ClassVar[tuple[str, ...]]
    validates: ClassVar[tuple[str, ...]] = ()
    task: Node
    trainer: Trainer
    scheduler: Scheduler | None = None
    logger: Trackers
    checkpoints: Checkpoints
    checkpoint: BestCheckpoint | None = None
    callbacks: dict[str, Callback | None] = Field(default_factory=dict)
    channels_last: bool
    compile: bool
    gradient_checkpointing: bool = False
    debug: Debug | None = None
    sweep: Sweep | None = None

    @property
    def search(self) -> Sweep:
        """The sweep, with its objectives: the family's own where it names none."""
        sweep = self.sweep or Sweep()
        return sweep.model_copy(update={"objectives": sweep.objectives or [self.objective]})

    @model_validator(mode="after")
    def _monitors_what_is_validated(self) -> "TrainConfig":
        monitoring = {f"callbacks.{name}": node for name, node in self.callbacks.items()}
        for place, node in {"checkpoint": self.checkpoint, **monitoring}.items():
            if isinstance(node, Monitoring):
                self._monitors(place, node)
        return self

    def _monitors(self, place: str, node: Monitoring) -> None:
        """Fill in what is monitored, and refuse what is not validated, or only in the midst of a step."""
        if not self.validates:
            raise ValueError(
                f"{place} looks at a metric of the validation, and such a run has none; leave it out"
            )
        node.monitor = node.monitor or self.objective.metric
        node.mode = node.mode or ("max" if self.objective.direction == "maximize" else "min")
        if node.monitor not in self.validates:
            known = nearest(node.monitor, self.validates).rstrip(".")
            raise ValueError(
                f"{place}.monitor names {node.monitor}, which such a run does not validate; {known}"
            )
        interval, batches = self.trainer.val_check_interval, self.trainer.accumulate_grad_batches
        if interval > self.trainer.max_steps * batches:
            raise ValueError(
                f"{place} looks at {node.monitor}, but with trainer.val_check_interval={interval} there is no "
                f"validation in {self.trainer.max_steps * batches} batches"
            )
        if interval % batches:
            raise ValueError(
                f"{place} looks at {node.monitor} after whole steps, so trainer.val_check_interval={interval} must be "
                f"a multiple of trainer.accumulate_grad_batches={batches}"
            )

    @model_validator(mode="after")
    def _jobs_have_one_machine(self) -> "TrainConfig":
        if self.sweep is not None and self.trainer.num_nodes > 1:
            raise ValueError(
                f"trainer.num_nodes={self.trainer.num_nodes}, but a sweep's jobs are runs of one machine each; leave "
                "trainer.num_nodes=1"
            )
        return self

    @model_validator(mode="after")
    def _traces_within_its_length(self) -> "TrainConfig":
        for name, node in self.callbacks.items():
            if isinstance(node, StepProfiler):
                needed = node.wait + node.warmup + node.active
                if needed > self.trainer.max_steps:
                    raise ValueError(
                        f"callbacks.{name} traces the last of {needed} steps (wait + warmup + active), and the "
                        f"training has {self.trainer.max_steps}: lower callbacks.{name}.wait"
                    )
        return self

    @model_validator(mode="after")
    def _measures_what_is_swept_for(self) -> "TrainConfig":
        for objective in self.sweep.objectives if self.sweep else ():
            known = (*self.measures, *self.validates)
            if not any(fnmatchcase(objective.metric, one) for one in known):
                groups = {one.partition("/")[0] for one in known}
                raise ValueError(
                    f"sweep.objectives names {objective.metric}, and such a run measures "
                    f"{', '.join(f'{group}/...' for group in sorted(groups))}; "
                    f"{nearest(objective.metric, known).rstrip('.')}"
                )
        pruner = self.sweep.pruner if self.sweep else None
        if pruner is not None and pruner.metric not in self.validates:
            raise ValueError(
                f"sweep.pruner.metric names {pruner.metric}, which such a run does not validate; "
                + (
                    nearest(pruner.metric, self.validates).rstrip(".")
                    if self.validates
                    else "set sweep.pruner=null"
                )
            )
        return self
