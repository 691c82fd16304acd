"""What stands in `run.json` and `results.json`, as far as somebody asks for it; further keys may stand beside it.

The keys that each version of this project has written are required; those that came later need not be there.
"""

from datetime import datetime
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict


def _moment(said: str) -> str:
    if datetime.fromisoformat(said).tzinfo is None:
        raise ValueError("a time without a zone")
    return said


Moment = Annotated[str, AfterValidator(_moment)]
"""A time as ISO 8601 writes it, with its zone."""

Lines = list[str]


class Measurement(TypedDict):
    """A final metric; None stands for a number that JSON does not have."""

    value: float | None
    low: float | None
    high: float | None
    count: int | float


Results = dict[str, dict[str, Measurement]]
"""By encoder and metric."""


class LoggedLast(TypedDict):
    """The last value that was logged of a metric."""

    step: int
    value: float | None


class Session(TypedDict):
    """From a start of a run to its end or kill."""

    started: Moment
    ended: NotRequired[Moment]
    step: NotRequired[int]
    command: NotRequired[Lines]
    changed: NotRequired[Lines]


class Hashes(TypedDict):
    """Of what a checkpoint held."""

    step: int
    weights: str
    optimizer: str


class PackageHash(TypedDict):
    """Of somebody else's package that a run ran."""

    place: str
    sha256: str


class SourceRecord(TypedDict):
    """The source that a run ran from."""

    commit: str | None
    diff: str | None
    untracked: dict[str, str]
    sha256: str
    version: NotRequired[str | None]
    packages: NotRequired[dict[str, PackageHash] | None]


class Listing(TypedDict):
    """What stands in the record of `data.csv`."""

    hash: NotRequired[str]
    count: int
    bytes: int
    sha256: str


class Environment(TypedDict):
    """What a run ran on."""

    packages: NotRequired[dict[str, str] | None]
    determinism: NotRequired[dict[str, Any]]


class HandedOn(TypedDict):
    """Which weights a run measures and hands on: those of a step, and by what that was chosen."""

    step: int
    checkpoint: str
    averaged: bool
    monitor: NotRequired[str]
    value: NotRequired[float]


class BestValidation(TypedDict):
    """The best value of the metric that such runs are compared by while they train."""

    metric: str
    step: int
    value: float


class Record(TypedDict):
    """`run.json`."""

    status: str
    started: Moment
    key: str
    config: dict[str, Any]
    source: SourceRecord | None
    environment: Environment
    data: dict[str, Any]
    sessions: Annotated[list[Session], Field(min_length=1)]
    name: NotRequired[str]
    seed: NotRequired[int]
    reason: NotRequired[str | None]
    ended: NotRequired[Moment]
    command: NotRequired[Lines]
    overrides: NotRequired[Lines | None]
    words: NotRequired[Lines | None]
    data_files: NotRequired[Listing | None]
    checkpoints: NotRequired[list[Hashes] | None]
    metrics: NotRequired[dict[str, LoggedLast] | None]
    results: NotRequired[Results | None]
    weights: NotRequired[HandedOn | None]
    best: NotRequired[BestValidation | None]
    cost: NotRequired[dict[str, float] | None]
    unreadable_images: NotRequired[Lines]
    broken_pictures: NotRequired[Lines]
    operating_point: NotRequired[dict[str, Any] | None]
    judge: NotRequired[dict[str, Any] | None]


class _Changes(TypedDict):
    changed: Lines


class _Again(TypedDict):
    threads: int
    determinism: dict[str, str | bool | None]


class _Steps(TypedDict):
    max_steps: int
    devices: NotRequired[int]
    num_nodes: NotRequired[int]


class _Trained(TypedDict):
    seed: int
    name: str
    trainer: _Steps


class MadeAgain(TypedDict):
    """What the record of a run must hold beside, for the run to be made again."""

    seed: int
    name: str
    folder: str
    config: _Trained
    config_dir: NotRequired[str | None]
    environment: _Again
    sessions: list[_Changes]
    checkpoints: list[Hashes]
    results: Results
