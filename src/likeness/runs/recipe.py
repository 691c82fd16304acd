"""What the one path of a run asks of a recipe, whatever is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from likeness.config.schema.runs import TrainConfig
from likeness.runs.record.measured import TOO_FEW

if TYPE_CHECKING:  # a family is known without torch
    import pytorch_lightning as pl

    from likeness.data.fingerprint import Files
    from likeness.data.run_data import RunData
    from likeness.runs.record.recording import Recording
    from likeness.tasks.task import Task


@dataclass(frozen=True)
class Presentation:
    """How results are shown.

    `shares` are the metrics, or patterns of them, that are shares in [0, 1] and written in per cent; all others are
    plain numbers. `captions` say what a figure shows, by its file's stem, in the order of a report.
    """

    shares: tuple[str, ...] = ()
    captions: Mapping[str, str] = field(default_factory=dict)

    def written(self, metric: str, value: float | None, digits: int) -> str:
        """A value of the metric `group/name`."""
        if value is None or isnan(value):
            return TOO_FEW
        return f"{100 * value:.{digits}f}" if self._is_share(metric) else f"{value:.5g}"

    def written_interval(self, metric: str, low: float | None, high: float | None, digits: int) -> str:
        """The 95% interval of such a value, or nothing where there is none; NaN are the bounds of too few to tell."""
        if low is None or high is None:
            return ""
        if isnan(low) or isnan(high):
            return f"[{TOO_FEW}]"
        return f"[{self.written(metric, low, digits)}, {self.written(metric, high, digits)}]"

    def bounds(self, metric: str) -> tuple[float, float]:
        """Between which all values of the metric lie: those of a share are in [0, 1]."""
        return (0.0, 1.0) if self._is_share(metric) else (-inf, inf)

    def _is_share(self, metric: str) -> bool:
        return any(fnmatchcase(metric, pattern) for pattern in self.shares)


@dataclass(frozen=True)
class Family:
    """What a family of tasks says of itself; importing it imports neither torch nor Lightning.

    Attributes:
        name: what to call it.
        tasks: the `_target_`s of its tasks.
        schema: what its runs have, measure and validate.
        recipe: the dotted name of its recipe, a class that takes such a configuration.
        inputs: the keys of the configuration that decide what a run reads.
        presentation: how its results are shown.
    """

    name: str
    tasks: tuple[str, ...]
    schema: type[TrainConfig]
    recipe: str
    inputs: tuple[str, ...]
    presentation: Presentation = Presentation()


class Recipe(Protocol):
    """What a run reads, builds, trains and measures.

    It is made with the checked configuration of a run, and reads nothing until it is asked.
    """

    @property
    def family(self) -> Family:
        """The family of tasks that it is the recipe of."""
        ...

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what all that the run reads is recognised later, as plain JSON.

        Raises:
            LikenessError: something is not there, or too little of it.
        """
        ...

    @property
    def files(self) -> Sequence["Files"]:
        """Where all of that lies."""
        ...

    def refuse(self) -> None:
        """Raise a LikenessError for what is wrong and can be known before training."""
        ...

    def data(self) -> "RunData | None":
        """The batches; None where nothing is trained, and the run only measures."""
        ...

    def task(self) -> "Task":
        """What is trained on them, as it is at step 0; not asked for where there are none."""
        ...

    def callbacks(self, folder: Path) -> Sequence["pl.Callback"]:
        """What else looks at a training in `folder`."""
        ...

    def conclude(self, run: "Recording") -> None:
        """Measure what was trained, and leave results and figures in the run's folder."""
        ...
