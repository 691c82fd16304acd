"""A training that is only looked at: on one device, without a validation, and nothing of it is kept."""

import pytorch_lightning as pl

from likeness.config.schema.runs import TrainConfig
from likeness.data.run_data import RunData
from likeness.runs.training.callbacks import KeyedRandomness
from likeness.runs.training.fit import quiet
from likeness.tasks.task import Task


def try_training(config: TrainConfig, task: Task, data: RunData, *, steps: int, looking: pl.Callback) -> None:
    """Train for so many steps, which `looking` looks at; raises what the training raises."""
    quiet()
    trainer = pl.Trainer(
        **{**config.trainer.plain(), "max_steps": steps, "devices": 1, "num_nodes": 1, "max_epochs": -1},
        limit_val_batches=0,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        logger=False,
        callbacks=[KeyedRandomness(config.seed), looking],
    )
    trainer.fit(task, data)
