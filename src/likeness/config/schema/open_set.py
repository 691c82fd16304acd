"""The schema of runs that measure thresholds of search in galleries of drawn identities, and train nothing."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, Positive
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Objective
from likeness.config.schema.training import Trainer

Rate = Annotated[float, Field(gt=0, lt=1)]


class DrawnGalleries(Node):
    """Galleries of drawn identities, each with the one before in it, and strangers who search them.

    A cohort of `cohort` searches chooses a threshold for each of the rates `fpir`, and all other strangers are told by
    it; each of `cohorts` is the cohort in turn. `kept_from` is the gallery whose threshold is kept while it grows.
    """

    of_the_recipe: ClassVar[frozenset[str]] = frozenset({"fpir", "kept_from"})
    target: Literal["likeness.recipes.open_set.galleries.search_drawn_galleries"] = Field(alias="_target_")
    sizes: Annotated[list[Annotated[int, Field(ge=2, le=2_000_000)]], Field(min_length=1)]
    mated: Annotated[int, Field(ge=2, le=10_000)]
    cohort: Positive
    cohorts: Annotated[int, Field(ge=2)]
    images_each: Annotated[list[Positive], Field(min_length=1, max_length=2)]
    fpir: Annotated[list[Rate], Field(min_length=1, max_length=3)]
    kept_from: Positive

    @model_validator(mode="after")
    def _fit(self) -> "DrawnGalleries":
        if self.sizes != sorted(set(self.sizes)):
            raise ValueError("task.sizes are different numbers in rising order")
        if self.kept_from not in self.sizes:
            raise ValueError(f"task.kept_from={self.kept_from} is none of task.sizes")
        for each in self.images_each:
            if self.cohort % each:
                raise ValueError(
                    f"task.cohort={self.cohort} can't be shared by strangers who search {each} times each, as "
                    "task.images_each says; make it a multiple"
                )
        if self.cohort * self.cohorts > 1_000_000:
            raise ValueError("task.cohort times task.cohorts are at most 1,000,000 searches")
        return self


class NoTraining(Trainer):
    """A trainer that has nothing to train."""

    max_steps: Literal[0]
    max_epochs: None = None
    devices: Literal[1]
    num_nodes: Literal[1] = 1


class OpenSetConfig(TrainConfig):
    """What a run that measures thresholds of search has."""

    objective = Objective(metric="open_set/tpir@fpir=1e-2")
    measures = ("open_set/*",)
    task: DrawnGalleries
    trainer: NoTraining
