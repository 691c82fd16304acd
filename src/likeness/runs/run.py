"""The one path of a run: check, build, fit, measure on people never trained on, close the record."""

import logging
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import nn

from likeness.config.check import check
from likeness.config.make import make
from likeness.config.plain import plain
from likeness.config.schema import EvaluateConfig, TrainConfig
from likeness.runs.build import build_data, build_datamodule, build_embedder, test_data
from likeness.runs.fit import LAST, fit, load_weights
from likeness.runs.measure import Measured, TestData, measure
from likeness.runs.record import Recording, recorded
from likeness.runs.results import write_results
from likeness.runs.table import print_table

log = logging.getLogger("likeness")


def train(config: DictConfig) -> Path:
    """Train and measure as `config` says; returns the run's folder.

    Raises:
        LikenessError: what a user can mend, before training starts where it can be known then.
    """
    check(plain(config), TrainConfig)
    splits = build_data(config.data)
    tested = test_data(build_data(config.test_data) if config.get("test_data") else splits)
    datamodule = build_datamodule(config, splits)
    device = _device(config.trainer.accelerator)
    untrained = build_embedder(config)  # before training: a name or a file that is wrong says so now
    fingerprints = {"train": datamodule.train.fingerprint(), "test": tested.pictures.fingerprint()}
    with recorded(config, fingerprints) as run:
        broken = fit(config, run.folder, datamodule)
        encoders = {"trained": _trained(config, run.folder), "untrained": untrained}
        ready = {name: encoder.to(device).eval() for name, encoder in encoders.items()}
        _conclude(run, measure(ready, tested, config, device=device), tested, broken)
    return run.folder


def evaluate(config: DictConfig, source: Path) -> Path:
    """Measure a run's encoder, or that of an ONNX file, on the data of `config`; returns the new run's folder.

    Raises:
        LikenessError: what a user can mend.
    """
    check(plain(config), EvaluateConfig)
    tested = test_data(build_data(config.data))
    device = _device("auto")
    encoder: nn.Module = _trained(config, source) if "embedder" in config else make(config.backbone)
    with recorded(config, {"test": tested.pictures.fingerprint()}) as run:
        measured = measure({source.stem: encoder.to(device).eval()}, tested, config, device=device)
        _conclude(run, measured, tested, set())
    return run.folder


def _trained(config: DictConfig, run: Path) -> nn.Module:
    embedder = build_embedder(config)
    load_weights(embedder, run / LAST)
    return embedder


def _conclude(run: Recording, measured: Measured, tested: TestData, broken: set[str]) -> None:
    """Write the results, and say them."""
    names = sorted({*broken, *tested.pictures.broken})
    run.outcome["broken_pictures"] = names
    write_results(run.folder, measured, tested)
    print_table(measured.metrics)
    if names:
        log.warning("%d pictures could not be read and were left out: %s", len(names), ", ".join(names[:10]))


def _device(accelerator: str) -> torch.device:
    return torch.device("cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu")
