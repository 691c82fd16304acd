"""The one path of a run: check, build, fit, measure on people never trained on, close the record."""

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from likeness.config.check import check
from likeness.config.plain import plain
from likeness.config.schema import EvaluateConfig, TrainConfig
from likeness.data.skipping import SkippingBroken
from likeness.runs.build import build_data, build_datamodule, build_embedder, test_data
from likeness.runs.fit import LAST, fit, load_weights
from likeness.runs.folder import create_folder
from likeness.runs.logs import logging_to
from likeness.runs.measure import Measured, TestData, measure
from likeness.runs.record import close_record, open_record
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

    def work(folder: Path) -> Measured:
        fit(config, folder, datamodule)
        encoders = {"trained": _trained(config, folder), "untrained": untrained}
        return measure(
            {name: net.to(device).eval() for name, net in encoders.items()}, tested, config, device=device
        )

    return _recorded(work, config, splits.train, tested)


def evaluate(config: DictConfig, source: Path) -> Path:
    """Measure a run's encoder, or that of an ONNX file, on the data of `config`; returns the new run's folder.

    Raises:
        LikenessError: what a user can mend.
    """
    check(plain(config), EvaluateConfig)
    tested = test_data(build_data(config.data))
    device = _device("auto")
    encoder = (
        (_trained(config, source) if "embedder" in config else instantiate(config.backbone)).to(device).eval()
    )

    def work(folder: Path) -> Measured:
        return measure({source.stem: encoder}, tested, config, device=device)

    return _recorded(work, config, None, tested)


def _trained(config: DictConfig, run: Path) -> nn.Module:
    embedder = build_embedder(config)
    load_weights(embedder, run / LAST)
    return embedder


def _recorded(
    work: Callable[[Path], Measured], config: DictConfig, trained_on: SkippingBroken | None, tested: TestData
) -> Path:
    """Do `work` in a new run folder; its record is closed however it ends."""
    folder = create_folder(config.runs_dir, config.name)
    OmegaConf.save(config, folder / "config.yaml", resolve=True)
    sources = {"train": trained_on, "test": tested.pictures}
    data = {split: source.fingerprint() for split, source in sources.items() if source is not None}
    record = open_record(folder, plain(config), data)
    with logging_to(folder / "log.txt"):
        try:
            measured = work(folder)
        except BaseException as error:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            close_record(folder, record, status, reason=str(error))
            log.info("The run %s; what there is of it is kept in %s", status, folder)
            raise
        broken = sorted({name for source in sources.values() if source is not None for name in source.broken})
        write_results(folder, measured, tested)
        close_record(folder, record, "finished", broken_pictures=broken)
        print_table(measured.metrics)
        if broken:
            log.warning(
                "%d pictures could not be read and were left out: %s", len(broken), ", ".join(broken[:10])
            )
    return folder


def _device(accelerator: str) -> torch.device:
    return torch.device("cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu")
