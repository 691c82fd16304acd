"""Past runs: their folders are found and their records read here, without torch, NumPy or Matplotlib."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeness.config.key import leaves
from likeness.config.past import upgraded
from likeness.errors import LikenessError
from likeness.runs.record.lock import is_held
from likeness.runs.record.record_file import RECORD, read_record

KILLED = "killed"  # the record says that it runs, but no process does
DAMAGED = "damaged"  # there is no record, or one that can't be read
MISSING = object()

TRAINED = "trained"  # what results call the encoder of a training run


@dataclass(frozen=True)
class PastRun:
    """A run's folder, and its record, whose configuration is in the keys of today; that of a damaged run is empty."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The experiment's name and the run's id."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def status(self) -> str:
        """How the run ended, or that it runs, was killed or is damaged."""
        said = self.record.get("status", DAMAGED)
        return KILLED if said == "running" and not is_held(self.folder) else str(said)

    @property
    def config(self) -> dict[str, Any]:
        """The configuration, in the keys of today; empty where it was not recorded."""
        return self.record.get("config") or {}

    @property
    def results(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """By encoder and metric the value, its count and its 95% interval; empty where nothing was measured."""
        return self.record.get("results") or {}

    @property
    def final(self) -> Mapping[str, Mapping[str, Any]]:
        """The measurements of the trained encoder, or of the one that an evaluation was about."""
        return self.results.get(TRAINED) or next(iter(self.results.values()), {})

    @property
    def keys(self) -> set[str]:
        """All that `value` knows, but for the versions of packages."""
        record = {
            name: value for name, value in self.record.items() if name not in {"results", "metrics", "config"}
        }
        record["environment"] = {**record.get("environment", {}), "packages": None}
        nested = (record, self.config)
        return {
            "status",
            *self.final,
            *(self.record.get("metrics") or {}),
            *(key for part in nested for key, _ in leaves(part)),
        }

    def value(self, key: str) -> Any:
        """What `key` stands for: `status`, a final or logged metric, a key of the configuration or of the record.

        MISSING where this run has no such key.
        """
        if key == "status":
            return self.status
        for metrics in (self.final, self.record.get("metrics") or {}):
            if key in metrics:
                return metrics[key]["value"]
        configured = value_in(self.config, key)
        return value_in(self.record, key) if configured is MISSING else configured


def order_of(run: PastRun) -> tuple[str, str]:
    """By what runs are put in the order in which they began; see `create_folder`."""
    return run.folder.name[: len("20261127-114500")], str(run.record.get("started", ""))


def past_runs(runs_dir: Path) -> list[PastRun]:
    """The runs in `runs_dir/NAME/RUN`, damaged ones too, in the order in which they started.

    Raises:
        LikenessError: there is no such folder.
    """
    if not runs_dir.is_dir():
        raise LikenessError(f"There is no folder {runs_dir}; name that of the runs with --runs-dir.")
    folders = {path.parent for name in ("config.yaml", RECORD) for path in runs_dir.glob(f"*/*/{name}")}
    return [_run(folder) for folder in sorted(folders, key=lambda folder: (folder.name, folder))]


def past_run(folder: Path) -> PastRun:
    """The run in `folder`.

    Raises:
        LikenessError: there is no run, or its record can't be read.
    """
    if not (folder / RECORD).is_file():
        raise LikenessError(
            f"{folder} is not a run's folder (it has no {RECORD}); `likeness runs` lists those there are."
        )
    return PastRun(folder, _in_keys_of_today(read_record(folder)))


def value_in(node: Any, dotted: str) -> Any:
    """What a nested dictionary has under a dotted key, or MISSING."""
    for part in dotted.split("."):
        if not isinstance(node, dict) or part not in node:
            return MISSING
        node = node[part]
    return node


def _run(folder: Path) -> PastRun:
    try:
        record = read_record(folder)
    except LikenessError:
        return PastRun(folder, {})
    return PastRun(folder, _in_keys_of_today(record))


def _in_keys_of_today(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose configuration has the names that are asked for today."""
    config = record.get("config")
    return {**record, "config": upgraded(config)} if isinstance(config, dict) else record
