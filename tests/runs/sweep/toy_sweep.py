"""Sweeps over a toy objective: their jobs leave what a real run leaves, in milliseconds."""

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict

from likeness.config.compose import composed
from likeness.config.key import key_of
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.runs import TrainConfig
from likeness.errors import Pruned
from likeness.recipes.choose import checked_composition
from likeness.recipes.embedding.family import EMBEDDING
from likeness.runs.record.folder import create_folder
from likeness.runs.record.record_file import write_record
from likeness.runs.sweep.pruning import raise_if_pruned
from likeness.runs.sweep.sweep import sweep

VALUES = r"(runs_dir|seed|loss\.margin|optimizer\.lr|backbone\.width|\+\+sweep\.(id|earlier))="
DATA = {"train": {"sha256": "of images"}}  # by what the data are recognised that every job reads
VALIDATED: Any = SimpleNamespace(validated=True)  # what a job trains on
STEPS = (150, 300, 450, 600)  # the validations of +experiment=triplet_hard


class Killed(BaseException):
    """What a kill is to the process that it ends: nothing after it happens."""


def objective(margin: float, rate: float, seed: int) -> float:
    """A smooth hill, of which each seed sees another."""
    return 0.9 - (margin - 0.3) ** 2 - 20 * (rate - 0.002) ** 2 + 0.003 * ((7 * seed) % 5)


def validation(final: float, step: int, margin: float) -> float:
    """On the way to its objective a trial with a small margin is slow at first."""
    return final * (1 - (1 - step / 600) * (0.6 - 0.4 * margin))


@cache
def _composed(words: tuple[str, ...]) -> DictConfig:
    return composed("config", words)


def compose(words: Sequence[str]) -> TrainConfig:
    """The checked configuration of `words`; Hydra is asked once for all that differ in nothing but plain values."""
    values = [word for word in words if re.match(VALUES, word)]
    config = deepcopy(_composed(tuple(word for word in words if word not in values)))
    with open_dict(config):
        for override in OverridesParser.create().parse_overrides(values):
            OmegaConf.update(config, override.key_or_group, override.value())
    return checked_composition(config)


def recipe_of(config: TrainConfig) -> Any:
    """What says of a job what it reads, without a look at any image."""
    return SimpleNamespace(family=EMBEDDING, fingerprints=dict(DATA), files=(), data=lambda: VALIDATED)


@dataclass
class Jobs:
    """Launches jobs; notes the words of each, and in `batches` how many came at once.

    `tested` is what a job comes to on its test data, by its margin; by default what it was validated with last.
    """

    kill_at: int | None = None
    fail_where: str | None = None
    tested: Callable[[float], float] | None = None
    trained: list[list[str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def launch(self, batch: Sequence[Sequence[str]], *, initial_job_idx: int) -> list[JobReturn]:
        self.batches.append(len(batch))
        return [self._job(list(words)) for words in batch]

    def _job(self, words: list[str]) -> JobReturn:
        self.trained.append(words)
        done = JobReturn(overrides=words, status=JobStatus.COMPLETED)
        checked = compose(words)
        assert isinstance(checked, EmbeddingConfig)
        config = checked.plain()
        folder = create_folder(checked.runs_dir, checked.name)
        started = f"2026-11-10T08:00:00.{len(list(folder.parent.iterdir())):06d}+00:00"
        record = {
            "key": key_of(config),
            "started": started,
            "source": None,
            "data": dict(DATA),
            "config": config,
            "environment": {},
            "sessions": [{"started": started}],
        }
        write_record(folder, {**record, "status": "running"})
        if len(self.trained) - 1 == self.kill_at:
            raise Killed
        if self.fail_where is not None and self.fail_where in words:
            done.status, done.return_value = JobStatus.FAILED, RuntimeError("CUDA out of memory")
            write_record(folder, {**record, "status": "failed"})
            return done
        try:
            _train(checked, folder, self.tested)
            write_record(folder, {**record, "status": "finished"})
        except Pruned:
            write_record(folder, {**record, "status": "pruned"})
        return done


def _train(config: EmbeddingConfig, folder: Path, tested: Callable[[float], float] | None) -> None:
    margin = config.plain()["loss"]["margin"]
    final = objective(margin, config.plain()["optimizer"]["lr"], config.seed)
    rows = "step,metric,value\n"
    for step in STEPS:
        rows += f"{step},validation/accuracy,{validation(final, step, margin)!r}\n"
        (folder / "metrics.csv").write_text(rows)
        raise_if_pruned(config, folder)
    values = {
        "verification/accuracy": tested(margin) if tested else final,
        "verification/eer": 1 - final + 0.1 * margin,
    }
    metrics = {
        name: {"value": value, "low": None, "high": None, "count": 9} for name, value in values.items()
    }
    (folder / "results.json").write_text(json.dumps({"trained": metrics}))


def run_sweep(folder: Path, *words: str, jobs: Jobs, beside: bool = False) -> dict[str, Any]:
    """Run a sweep below `folder`; returns its sweep.json."""
    parser = OverridesParser.create()
    overrides = parser.parse_overrides(["+experiment=triplet_hard", f"runs_dir='{folder}'", *words])
    return ledger(sweep(overrides, compose, jobs.launch, recipe_of, beside=beside))


def ledger(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "sweep.json").read_text())
    return content
