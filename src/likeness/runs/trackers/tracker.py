"""What a tracker is, and what it is told about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from likeness.config.key import leaves
from likeness.runs.record.record_file import read_record

Status = Literal["finished", "failed", "interrupted"]  # an interrupted run may go on some day

Results = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""As in `results.json`: by encoder and metric the value, its interval (low and high) and count."""


NOTICE = "likeness: "
"""What a line begins with that a tracker says to the terminal of the run too."""


class TrackedRun(NamedTuple):
    """A run that a tracker is told about; `config` is resolved and plain."""

    folder: Path
    config: dict[str, Any]
    sweep: str | None

    @property
    def name(self) -> str:
        """The experiment and the run's id, such as `triplet_hard/20261123-100000-0f3a`."""
        return f"{self.config['name']}/{self.folder.name}"

    def group(self, chosen: str | None) -> str:
        """The group `chosen`, else the sweep that the run is a job of, else its experiment."""
        return chosen or self.sweep or str(self.config["name"])

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration by dotted keys, such as `optimizer.lr`."""
        return dict(leaves(self.config))

    @property
    def runs_dir(self) -> Path:
        """Where this run and its neighbours are kept."""
        return self.folder.parents[1]


def read_run(folder: Path) -> TrackedRun:
    """The run in `folder`, by its record.

    Raises:
        LikenessError: there is no record, or it is damaged.
    """
    folder = folder.resolve()
    record = read_record(folder)
    return TrackedRun(folder, record["config"], record.get("sweep"))


class Tracker(Protocol):
    """A place to look at runs in. It is made with the run's configuration, group and tags.

    A tracker of a run that goes on is made anew with the same run; it continues what it has of the run.
    """

    told: int
    """The last step that the tracker knew of when it was made; it is not told of earlier ones again."""

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take all metrics of a step; steps come in order."""

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        """Take the final metrics and the figures, PNG files, of a finished run; `step` is the last one."""

    def finish(self, status: Status) -> None:
        """Leave nothing unwritten."""
