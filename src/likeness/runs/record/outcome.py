"""What a run left in its folder, and what it cost."""

import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from likeness.errors import LikenessError
from likeness.runs.record.appended import head_of
from likeness.runs.record.checkpoint_hashes import noted_hashes
from likeness.runs.record.folder import METRICS, RESULTS
from likeness.runs.record.json_file import read_json
from likeness.runs.record.logged import readable_metrics
from likeness.runs.record.sealed import FILES, hashes_of_files
from likeness.runs.record.shape import Results


def left_in(folder: Path) -> dict[str, Any]:
    """The last value of each metric, the results, and the hashes of checkpoints and files, as far as the run came.

    What somebody made unreadable meanwhile is left out: a run is not lost over it.
    """
    metrics = folder / METRICS
    return {
        "checkpoints": noted_hashes(folder),
        "metrics": {row.metric: {"step": row.step, "value": row.value} for row in readable_metrics(folder)},
        "metrics_sha256": head_of(metrics).sha256 if metrics.is_file() else None,
        "results": _results(folder / RESULTS),
        FILES: hashes_of_files(folder),
    }


def cost_of(sessions: Sequence[dict[str, Any]], before: dict[str, Any] | None) -> dict[str, Any]:
    """Wall-clock seconds over all sessions of a run, and the peaks of memory in bytes.

    The peak of the process is that of its largest: itself, a loader worker, or a rank. `before` is the cost as it was
    when the last session began.
    """
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peaks = {"peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024)}
    if torch.cuda.is_available():
        peaks["peak_gpu_memory_bytes"] = torch.cuda.max_memory_allocated()
    # a clock that is set back makes no session cost less than nothing
    wall = sum(max(0.0, _seconds(session["started"], session["ended"])) for session in sessions)
    return {
        "wall_s": round(wall, 3),
        **{name: max(peak, (before or {}).get(name, 0)) for name, peak in peaks.items()},
    }


def last_sign_of_life(folder: Path) -> str:
    """When a run last wrote to its metrics or its log (ISO, UTC)."""
    written = [path.stat().st_mtime for path in (folder / METRICS, folder / "log.txt") if path.is_file()]
    return datetime.fromtimestamp(max(written), UTC).isoformat(timespec="milliseconds")


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def _results(path: Path) -> Results | None:
    with suppress(LikenessError):
        return read_json(path, Results)
    return None
