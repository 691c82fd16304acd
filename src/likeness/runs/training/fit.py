"""Fit a task: Lightning's loop with our keyed randomness, in this process or in one process a device."""

import logging
import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytorch_lightning as pl
import torch

from likeness.config.schema.runs import TrainConfig
from likeness.data.run_data import RunData
from likeness.errors import Preempted
from likeness.runs.recipe import Recipe
from likeness.runs.record.validations import best_checkpoints
from likeness.runs.training.callbacks import KeyedRandomness, ProgressBar, RefuseNaN
from likeness.runs.training.checkpointing import GoOnFrom, SaveCheckpoints
from likeness.runs.training.checkpoints import Checkpoint, newest_checkpoint
from likeness.runs.training.chosen import chosen_callbacks, said_of_stop, stopped_early
from likeness.runs.training.debug.debugging import debugging
from likeness.runs.training.launch import fit_in_ranks
from likeness.runs.training.machines import Machines, Meeting
from likeness.runs.training.metrics import MetricsFile

log = logging.getLogger("likeness")


def fit(
    config: TrainConfig,
    folder: Path,
    recipe: Recipe,
    data: RunData,
    callbacks: Sequence[pl.Callback],
    machines: Machines | None = None,
) -> None:
    """Train on `data` as `config` says, from the folder's last good checkpoint on, and leave the weights in a last one.

    Args:
        config: the configuration, which stands in the folder too.
        folder: the run's.
        recipe: makes the task.
        data: the batches.
        callbacks: what looks at the training beside what is always there; the ranks of several devices have their own.
        machines: those that train the run, of which this is the first; None where it is the only one.

    Raises:
        LikenessError: the loss is not a number, the disk is full, or the process of a device failed.
        Preempted: SIGTERM asked the run to end; a checkpoint was saved.
    """
    start = newest_checkpoint(folder)
    step = 0 if start is None else start.step
    if data.batches_an_epoch is not None:
        accumulated = config.trainer.accumulate_grad_batches
        log.info(
            "An epoch is %g steps, the training %g epochs.",
            round(data.batches_an_epoch / accumulated, 2),
            round(config.trainer.max_steps * accumulated / data.batches_an_epoch, 2),
        )
    if step:
        log.info("The training goes on from step %d of %d.", step, config.trainer.max_steps)
    if step == config.trainer.max_steps or (start is not None and stopped_early(start.callbacks)):
        if machines is not None:
            machines.dismiss(folder)
        return
    if config.trainer.processes > 1:
        fit_on_devices(config, folder, None if machines is None else machines.invite(folder))
    else:
        fit_here(config, folder, recipe, data, callbacks, start)


def fit_on_devices(config: TrainConfig, folder: Path, meeting: Meeting | None) -> None:
    """Train in a process for each device of this machine, which meet those of others where there is a meeting.

    Raises:
        LikenessError: the process of a device failed.
        Preempted: SIGTERM asked the run to end; a checkpoint was saved.
    """
    devices = config.trainer.devices
    fit_in_ranks(folder, devices, threads=max(1, torch.get_num_threads() // devices), meeting=meeting)


def fit_here(
    config: TrainConfig,
    folder: Path,
    recipe: Recipe,
    data: RunData,
    callbacks: Sequence[pl.Callback],
    start: Checkpoint | None,
) -> None:
    """Train in this process, which is the only one or one rank of several."""
    quiet()
    task = recipe.task()
    metrics = MetricsFile(folder) if _is_first_rank() else None
    saving = SaveCheckpoints(
        folder,
        every=config.checkpoints.every,
        metrics=metrics,
        unreadable=lambda: data.unreadable,
        best=partial(_best_steps, folder, config),
    )
    looking = debugging(config.debug, data)
    trainer = pl.Trainer(
        **{**config.trainer.plain(), "max_epochs": -1},
        **looking.options,
        check_val_every_n_epoch=None,
        limit_val_batches=None if looking.data.validated else 0,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=metrics or False,
        callbacks=[
            *([GoOnFrom(start)] if start else []),
            saving,
            KeyedRandomness(config.seed),
            RefuseNaN(config.trainer.log_every_n_steps),
            ProgressBar(),
            *chosen_callbacks(config),
            *recipe.callbacks(folder),
            *callbacks,
            *looking.callbacks,
        ],
        enable_checkpointing=False,
    )
    try:
        trainer.fit(task, looking.data)
    except SystemExit:
        if trainer.interrupted:  # Lightning makes an exit of Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except Exception as error:
        if saving.preemption.asked:  # what the signal broke elsewhere is no failure of the run
            raise Preempted from error
        raise
    if trainer.is_global_zero and (reason := said_of_stop(trainer)):
        log.info("The training ended early, after step %d: %s", trainer.global_step, reason)


def _best_steps(folder: Path, config: TrainConfig) -> list[int]:
    """The steps whose checkpoints are kept as the best until now."""
    if config.checkpoint is None:
        return []
    return [one.step for one in best_checkpoints(folder, config.checkpoint.plain())]


def _is_first_rank() -> bool:
    return os.environ.get("RANK", "0") == "0"


def quiet() -> None:
    """Keep Lightning's hints about things that are set on purpose out of the output."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*exists and is not empty.*",
        ".*GPU available but not used.*",
        ".*LeafSpec.*",  # Lightning 2.6 on a newer torch
        ".*module.s. in eval mode.*",  # a frozen network stays so
    ):
        warnings.filterwarnings("ignore", message)
