"""What each way of debugging adds to a training."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytorch_lightning as pl

from likeness.config.schema.debug import Debug
from likeness.data.run_data import RunData
from likeness.runs.training.debug.first_nan import FirstNaN
from likeness.runs.training.debug.one_batch import OneBatch, TellLearned
from likeness.runs.training.debug.where_time_goes import PhaseTimes, TellTimes


class Debugging(NamedTuple):
    """The batches of a training, what else looks at it, and options of Lightning's trainer."""

    data: RunData
    callbacks: Sequence[pl.Callback] = ()
    options: dict[str, Any] = {}  # noqa: RUF012  # no one changes it


def debugging(way: Debug | None, data: RunData) -> Debugging:
    """What a way of debugging makes of a training on `data`; None leaves it as it is."""
    match way:
        case "overfit":
            return Debugging(OneBatch(data), [TellLearned()])
        case "profile":
            times = PhaseTimes()
            return Debugging(data, [TellTimes(times)], {"profiler": times})
        case "anomaly":
            return Debugging(data, [FirstNaN()], {"detect_anomaly": True})
        case _:
            return Debugging(data)
