"""Runs with optimizers, groups, schedules and a warm-up of their own, killed, go on to the same bits."""

from functools import partial
from pathlib import Path

import pytest
from killing import OVERRIDES, at_call, finish, left_behind, only_run

CHOSEN = {
    "timm, layer-wise rates, warm-up": [
        *(
            "optimizer=timm",
            "optimizer.name=nadamw",
            "optimizer.decay_norms=false",
            "optimizer.layer_decay=0.7",
        ),
        *("scheduler=torch", "scheduler.name=StepLR", "+scheduler.step_size=4", "scheduler.warmup=5"),
    ],
    "torch, no schedule": ["optimizer=torch", "optimizer.name=RAdam", "scheduler=none"],
}


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_killed_run_goes_on_to_the_same_bits(chosen: str, tmp_path: Path) -> None:
    overrides = [*OVERRIDES, *CHOSEN[chosen]]
    assert finish([*overrides, f"runs_dir={tmp_path}/whole"]) == 0
    killed = [*overrides, f"runs_dir={tmp_path}/killed"]
    step = "likeness.tasks.embedding:EmbeddingTask.training_step"
    assert finish(killed, partial(at_call, 7, step)) == -9
    assert finish(killed) == 0
    assert left_behind(only_run(tmp_path / "killed")) == left_behind(only_run(tmp_path / "whole"))
