"""Fit a task: Lightning's loop with our keyed randomness, in this process or in one process a device."""

import json
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger, Logger
from torch import nn

from likeness.config.make import make
from likeness.config.plain import plain
from likeness.data.datamodule import IdentityDataModule
from likeness.errors import LikenessError
from likeness.runs.build import build_task
from likeness.runs.callbacks import KeyedRandomness, ProgressBar, RefuseNaN

LAST = "checkpoints/last.ckpt"
BROKEN = "broken-{rank}.json"  # what a rank could not read
FAILED = "failed-{rank}.txt"  # why a rank could not go on

log = logging.getLogger("likeness")


def fit(config: DictConfig, folder: Path, datamodule: IdentityDataModule) -> set[str]:
    """Train as `config` says and leave the weights in the run's folder, as `checkpoints/last.ckpt`.

    Returns the names of the pictures that could not be read.

    Raises:
        LikenessError: the loss is not a number, or the process of a device failed.
    """
    if config.trainer.devices > 1:
        return _fit_in_ranks(config, folder)
    return fit_here(config, folder, datamodule)


def fit_here(config: DictConfig, folder: Path, datamodule: IdentityDataModule) -> set[str]:
    """Train in this process, which is the only one or one rank of several; returns the broken pictures' names."""
    _quiet()
    _say_who_is_left_out(datamodule)
    task = build_task(config)
    if config.channels_last:
        task.embedder.to(memory_format=torch.channels_last)
    if config.compile:
        task.embedder.compile()
    settings: dict[str, Any] = plain(config.trainer)
    trainer = _trainer(
        **settings,
        max_epochs=-1,
        check_val_every_n_epoch=None,
        limit_val_batches=0 if datamodule.validation is None else None,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=_loggers(config, folder),
        callbacks=[
            KeyedRandomness(config.seed),
            RefuseNaN(settings["log_every_n_steps"]),
            ProgressBar(),
            ModelCheckpoint(
                folder / "checkpoints",
                save_last=True,
                save_top_k=0,
                every_n_train_steps=settings["val_check_interval"],
            ),
        ],
    )
    try:
        trainer.fit(task, datamodule)
    except SystemExit:
        if trainer.interrupted:  # Lightning makes an exit of Ctrl-C
            raise KeyboardInterrupt from None
        raise
    trainer.save_checkpoint(folder / LAST)
    return datamodule.broken


def _trainer(**settings: Any) -> pl.Trainer:
    try:
        return pl.Trainer(**settings)
    except MisconfigurationException as error:  # a GPU asked for where there is none
        raise LikenessError(f"The trainer can't be set up so: {' '.join(str(error).split())}") from error


def load_weights(embedder: nn.Module, checkpoint: Path) -> None:
    """Put a checkpoint's weights into `embedder`; only tensors and plain containers are read.

    Raises:
        LikenessError: the checkpoint is missing or cut short, or belongs to another network.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    except FileNotFoundError:
        raise LikenessError(f"There is no checkpoint {checkpoint}; has this run finished?") from None
    except Exception as error:
        raise LikenessError(
            f"The checkpoint {checkpoint} can't be read; it is cut short or altered."
        ) from error
    prefix = "embedder."
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    try:
        embedder.load_state_dict(own)
    except RuntimeError as error:
        raise LikenessError(
            f"The checkpoint {checkpoint} holds another network's weights than the run's config.yaml describes."
        ) from error


def _loggers(config: DictConfig, folder: Path) -> list[Logger]:
    trackers: list[Logger] = [
        make(node, folder=folder, run_name=f"{config.name}/{folder.name}")
        for node in config.logger.values()
        if node is not None and os.environ.get("RANK", "0") == "0"
    ]
    for tracker in trackers:
        tracker.log_hyperparams(plain(config))
    return [CSVLogger(folder.parent, name="", version=folder.name), *trackers]


def _fit_in_ranks(config: DictConfig, folder: Path) -> set[str]:
    """Start a process a device by torchrun, each from the run's own resolved configuration."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    words += ["--nproc-per-node", str(config.trainer.devices), "-m", "likeness.runs.rank", str(folder)]
    outcome = subprocess.run(words, check=False)
    if outcome.returncode:
        said = f"The process of a device failed (exit status {outcome.returncode}); its message is above."
        raise LikenessError(next((found.read_text() for found in folder.glob(FAILED.format(rank="*"))), said))
    return {name for found in folder.glob(BROKEN.format(rank="*")) for name in json.loads(found.read_text())}


def _say_who_is_left_out(datamodule: IdentityDataModule) -> None:
    schedule = datamodule.schedule()
    if schedule.singles:
        log.info("%d people have one picture only and are not trained on.", schedule.singles)
    if schedule.short:
        log.info(
            "%d people have fewer than %d pictures; theirs are repeated.", schedule.short, datamodule.images
        )


def _quiet() -> None:
    """Keep Lightning's hints about things that are set on purpose out of the output."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*exists and is not empty.*",
        ".*GPU available but not used.*",
        ".*LeafSpec.*",  # Lightning 2.6 on a newer torch
    ):
        warnings.filterwarnings("ignore", message)
