"""What the one path of a run asks of a configuration, whatever is trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as pl

from likeness.data.fingerprint import Files
from likeness.data.run_data import RunData
from likeness.runs.record.recording import Recording
from likeness.tasks.task import Task


class Work(Protocol):
    """What a run reads, trains and leaves."""

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what all that the run reads is recognised later.

        Raises:
            LikenessError: something is not there, or too little of it.
        """
        ...

    @property
    def files(self) -> Sequence[Files]:
        """Where all of that lies."""
        ...

    def refuse(self) -> None:
        """Raise a LikenessError for what is wrong and can be known before training."""
        ...

    def data(self) -> RunData:
        """The batches."""
        ...

    def task(self) -> Task:
        """What is trained on them, as it is at step 0."""
        ...

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """What else looks at a training in `folder`."""
        ...

    def conclude(self, run: Recording) -> None:
        """Measure what was trained, and leave results and figures in the run's folder."""
        ...
