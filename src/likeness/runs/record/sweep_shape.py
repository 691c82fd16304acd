"""What stands in a sweep's `sweep.json`, as far as somebody asks for it; further keys may stand beside it."""

from typing import Any, NotRequired

from typing_extensions import TypedDict


class Objective(TypedDict):
    """What a sweep looks for."""

    metric: str
    direction: str


class SweptJob(TypedDict):
    """A run that a sweep asked for."""

    number: int
    trial: int
    parameters: dict[str, Any]
    key: str
    run: str | None
    status: str
    reason: str | None
    values: list[float | None]
    intervals: list[list[float | None]]


class Estimated(TypedDict):
    """An objective over the seeds of a trial."""

    value: float | None
    low: float | None
    high: float | None


class SweptTrial(TypedDict):
    """A point of the search space."""

    number: int
    parameters: dict[str, Any]
    jobs: list[int]
    status: str
    values: list[Estimated]


class Ledger(TypedDict):
    """`sweep.json`."""

    id: str
    name: str
    status: str
    source: str | None
    sampler: str
    objectives: list[Objective]
    space: dict[str, Any]
    overrides: NotRequired[list[str]]
    words: NotRequired[list[str]]
    jobs: list[SweptJob]
    trials: list[SweptTrial]
    best: list[int]
    tested: NotRequired[dict[str, Any] | None]
