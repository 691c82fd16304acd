"""A measured value as JSON has it, which knows no NaN: an interval of too few samples says so."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

TOO_FEW = "too few to tell"
"""In place of a value, or of an interval, that the samples don't give."""


class _Measured(Protocol):
    @property
    def low(self) -> float | None: ...

    def _asdict(self) -> dict[str, Any]: ...


def as_recorded(measured: _Measured) -> dict[str, Any]:
    """All fields of what was measured; a 95% interval that samples are too few for is null, and `interval` says why."""
    too_few = measured.low is not None and math.isnan(measured.low)
    return {**measured._asdict(), **({"interval": TOO_FEW} if too_few else {})}


def recorded_interval(recorded: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The 95% interval of what `as_recorded` wrote: NaN where samples are too few, None where there is none at all."""
    if recorded.get("interval") == TOO_FEW:
        return math.nan, math.nan
    return recorded["low"], recorded["high"]
