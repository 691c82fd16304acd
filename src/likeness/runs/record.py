"""The record of a run, `run.json`: what ran, on what, from which source, and how it ended."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from likeness.runs.folder import write_json

PACKAGES = ("likeness", "torch", "torchvision", "pytorch-lightning", "hydra-core", "timm", "numpy", "wandb")


def open_record(folder: Path, config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Write the record of a run that begins now, and return it; `data` are the data's fingerprints."""
    record: dict[str, Any] = {
        "status": "running",
        "name": config["name"],
        "seed": config["seed"],
        "command": sys.argv,
        "started": _now(),
        "git": _git(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "data": data,
        "config": config,
    }
    write_json(folder / "run.json", record)
    return record


def close_record(folder: Path, record: dict[str, Any], status: str, **outcome: Any) -> None:
    """Write how the run ended: `finished` or `failed`, with whatever else is known of its outcome."""
    write_json(folder / "run.json", {**record, "status": status, "ended": _now(), **outcome})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _git() -> dict[str, Any] | None:
    """The commit of the source and whether it was changed since; None outside a git checkout."""
    here = Path(__file__).parent

    def ask(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=here, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return {"commit": ask("rev-parse", "HEAD"), "changed": bool(ask("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None
