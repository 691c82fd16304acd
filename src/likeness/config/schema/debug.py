"""The ways to debug a training, and what each changes in a configuration."""

from typing import Literal

Debug = Literal["fast", "overfit", "profile", "anomaly"]

_SMALL_MEASUREMENT = {"evaluation.pairs": 100, "evaluation.resamples": 20}

AT_MOST: dict[Debug, dict[str, int]] = {
    "fast": {
        "trainer.max_steps": 1,
        "trainer.accumulate_grad_batches": 1,
        "trainer.val_check_interval": 1,
        "callbacks.profiler.wait": 0,
        "callbacks.profiler.warmup": 0,
        "callbacks.profiler.active": 1,
        **_SMALL_MEASUREMENT,
    },
    "overfit": _SMALL_MEASUREMENT,
    "profile": {"trainer.max_steps": 50, "trainer.val_check_interval": 50, **_SMALL_MEASUREMENT},
    "anomaly": {},
}
"""By the way of debugging the keys that are lowered to a number, where they are there."""
