"""What a run left in its folder, and what it cost."""

import csv
import json
import resource
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from likeness.runs.record.folder import HASHES, METRICS, RESULTS
from likeness.runs.record.logged import read_metrics
from likeness.runs.record.sealed import FILES, hashes_of_files


def left_in(folder: Path) -> dict[str, Any]:
    """The last value of each metric, the results, and the hashes of checkpoints and files, as far as the run came."""
    metrics, results = folder / METRICS, folder / RESULTS
    return {
        "checkpoints": _checkpoints(folder / "checkpoints" / HASHES),
        "metrics": {row.metric: {"step": row.step, "value": row.value} for row in read_metrics(folder)},
        "metrics_sha256": sha256(metrics.read_bytes()).hexdigest() if metrics.is_file() else None,
        "results": json.loads(results.read_text()) if results.is_file() else None,
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
    wall = sum(
        (
            datetime.fromisoformat(session["ended"]) - datetime.fromisoformat(session["started"])
        ).total_seconds()
        for session in sessions
    )
    return {
        "wall_s": round(wall, 3),
        **{name: max(peak, (before or {}).get(name, 0)) for name, peak in peaks.items()},
    }


def last_sign_of_life(folder: Path) -> str:
    """When a run last wrote to its metrics or its log (ISO, UTC)."""
    written = [path.stat().st_mtime for path in (folder / METRICS, folder / "log.txt") if path.is_file()]
    return datetime.fromtimestamp(max(written), UTC).isoformat(timespec="milliseconds")


def _checkpoints(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [{**row, "step": int(row["step"])} for row in csv.DictReader(file)]
