"""The record of a run, `run.json`: what ran, on what, from which source, and how it ended."""

import importlib.metadata
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch
from omegaconf import DictConfig, OmegaConf

from likeness.config.key import key_of
from likeness.config.plain import plain
from likeness.errors import Preempted
from likeness.runs.checkpoints import newest_checkpoint
from likeness.runs.folder import create_folder, write_json
from likeness.runs.lock import locked
from likeness.runs.logs import logging_to

log = logging.getLogger("likeness")

PACKAGES = ("likeness", "torch", "torchvision", "pytorch-lightning", "hydra-core", "timm", "numpy", "wandb")


class Recording(NamedTuple):
    """A run under way: its folder, and what is to be recorded of its outcome."""

    folder: Path
    outcome: dict[str, Any]


@contextmanager
def recorded(config: DictConfig, data: dict[str, Any], unfinished: Path | None = None) -> Iterator[Recording]:
    """Make a run's folder, or take up that of an unfinished run, and keep its record, which is closed however it ends.

    Args:
        config: the configuration, which is kept resolved in `config.yaml`.
        data: the fingerprints of the data, by split.
        unfinished: the folder of the run that goes on.

    Raises:
        LikenessError: the folder can't be written, or another process is at work in it.
    """
    folder = unfinished or create_folder(config.runs_dir, config.name)
    with locked(folder), logging_to(folder / "log.txt"):
        OmegaConf.save(config, folder / "config.yaml", resolve=True)
        run = Recording(folder, {})
        record = _gone_on(folder, plain(config)) if unfinished else _opened(plain(config), data)
        write_json(folder / "run.json", {**record, "status": "running"})
        status = "failed"
        try:
            yield run
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Preempted:
            status = "preempted"
            raise
        except Exception as error:
            run.outcome["reason"] = str(error)
            raise
        finally:
            write_json(folder / "run.json", {**record, "status": status, "ended": _now(), **run.outcome})
            if status != "finished":
                log.info("The run %s; what there is of it is kept in %s", status, folder)


def _gone_on(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The record of a run that goes on: as it was, with one session more."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    for outcome in ("reason", "ended"):
        record.pop(outcome, None)
    return {**record, "config": config, "sessions": [*record["sessions"], _session(folder)]}


def _session(folder: Path | None) -> dict[str, Any]:
    checkpoint = newest_checkpoint(folder) if folder else None
    return {"started": _now(), "step": checkpoint.step if checkpoint else 0, "command": sys.argv}


def _opened(config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": config["name"],
        "seed": config["seed"],
        "command": sys.argv,
        "started": _now(),
        "key": key_of(config),
        "sessions": [_session(None)],
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
