"""Words by which a run of the command line takes seconds."""

from tiny import TINY

OVERRIDES = [
    *TINY,
    "trainer.max_steps=12",
    "trainer.val_check_interval=4",
    "checkpoints.every=2",
    "scheduler=constant",
]
