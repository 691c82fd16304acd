"""A run that measures thresholds of search in galleries of drawn identities, and trains nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.config.schema.open_set import OpenSetConfig
from likeness.data.fingerprint import Files
from likeness.errors import LikenessError
from likeness.evaluation.identification import fewest_searches
from likeness.recipes.open_set.family import OPEN_SET
from likeness.recipes.open_set.results import conclude
from likeness.runs.record.recording import Recording
from likeness.tasks.task import Task


class OpenSetRecipe:
    """Search galleries of drawn identities, and hold thresholds of search to what they promise."""

    family = OPEN_SET

    def __init__(self, config: OpenSetConfig) -> None:
        self._config = config

    @property
    def fingerprints(self) -> dict[str, Any]:
        """None: what is drawn follows from the configuration."""
        return {}

    @property
    def files(self) -> Sequence[Files]:
        """None."""
        return ()

    def refuse(self) -> None:
        """Raise a LikenessError for a cohort that is too small for a rate."""
        task = self._config.task
        least = fewest_searches(min(task.fpir))
        for each in task.images_each:
            if (strangers := task.cohort // each) < least:
                raise LikenessError(
                    f"task.cohort={task.cohort} is too small for a threshold at {min(task.fpir):g}: it has {strangers} "
                    f"strangers who search {each} times each, and that takes at least {least}."
                )

    def data(self) -> None:
        """None: nothing is trained."""

    def task(self) -> Task:
        """Never asked for.

        Raises:
            LikenessError: always.
        """
        raise LikenessError(f"{self._config.name} trains nothing.")

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Search, choose thresholds, and leave wanted and found rates."""
        conclude(run, self._config)
