"""The record of a run, `run.json`: what ran, on what, from which source, and how it ended."""

import importlib.metadata
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

from likeness.config.plain import plain
from likeness.runs.folder import create_folder, write_json
from likeness.runs.logs import logging_to

log = logging.getLogger("likeness")

PACKAGES = ("likeness", "torch", "torchvision", "pytorch-lightning", "hydra-core", "timm", "numpy", "wandb")


class Recording(NamedTuple):
    """A run under way: its folder, and what is to be recorded of its outcome."""

    folder: Path
    outcome: dict[str, Any]


@contextmanager
def recorded(config: DictConfig, data: dict[str, Any]) -> Iterator[Recording]:
    """Make a run's folder, log to it, and keep its record, which is closed however the run ends.

    Args:
        config: the configuration, which is kept resolved in `config.yaml`.
        data: the fingerprints of the data, by split.

    Raises:
        LikenessError: the folder can't be written.
    """
    folder = create_folder(config.runs_dir, config.name)
    OmegaConf.save(config, folder / "config.yaml", resolve=True)
    run = Recording(folder, {})
    record = _opened(plain(config), data)
    write_json(folder / "run.json", {**record, "status": "running"})
    with logging_to(folder / "log.txt"):
        status = "failed"
        try:
            yield run
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Exception as error:
            run.outcome["reason"] = str(error)
            raise
        finally:
            write_json(folder / "run.json", {**record, "status": status, "ended": _now(), **run.outcome})
            if status != "finished":
                log.info("The run %s; what there is of it is kept in %s", status, folder)


def _opened(config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
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
