"""Runs with class centres, all or sampled, in one process or two, that were killed go on to the same bits."""

import os
import re
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from killing import at_call, finish, kill_self, left_behind, only_run, start
from tiny import TINY

from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.runs.training.checkpoints import checkpoint_of

WRITTEN = "likeness.runs.training.checkpointing:write_checkpoint"
STEPS = ["trainer.max_steps=4", "trainer.val_check_interval=4", "checkpoints.every=2"]
TWO = ["trainer.accelerator=cpu", "trainer.devices=2"]


@pytest.mark.parametrize(
    ("loss", "more"),
    [
        pytest.param("arcface", [], id="all"),
        pytest.param("adaface", ["loss.sampled=0.5", "trainer.accumulate_grad_batches=2"], id="sampled"),
    ],
)
def test_a_killed_run_goes_on_to_the_same_bits(loss: str, more: list[str], tmp_path: Path) -> None:
    def overrides_for(folder: str) -> list[str]:
        return [f"runs_dir={tmp_path / folder}", *TINY, *STEPS, f"loss={loss}", *more]

    assert finish(overrides_for("whole")) == 0
    assert finish(overrides_for("killed"), partial(at_call, 2, WRITTEN, kill_self)) == -signal.SIGKILL
    assert checkpoint_of(only_run(tmp_path / "killed")).step == 2
    assert finish(overrides_for("killed")) == 0
    whole = only_run(tmp_path / "whole")
    assert left_behind(only_run(tmp_path / "killed")) == left_behind(whole)
    trained = checkpoint_of(whole)
    assert len(trained.weights["loss.centres.table"]) == 12  # as many as identities to train on
    optimized = [state["exp_avg"].shape for state in trained.optimizer["state"].values()]
    assert (trained.weights["loss.centres.table"].shape in optimized) is (loss == "arcface")


@pytest.mark.slow
def test_two_processes_with_half_of_the_centres_each_go_on_to_the_same_bits(tmp_path: Path) -> None:
    def overrides_for(folder: str) -> list[str]:
        clipped = "trainer.gradient_clip_val=0.5"
        return [f"runs_dir={tmp_path / folder}", *TINY, *STEPS, *TWO, "loss=cosface", clipped]

    assert finish(overrides_for("whole")) == 0
    process = start(overrides_for("killed"))
    while not list(tmp_path.glob("killed/*/*/checkpoints/step-00000002.ckpt")):
        time.sleep(0.01)
        assert process.exitcode is None
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert finish(overrides_for("killed")) == 0
    left, whole = (left_behind(only_run(tmp_path / folder)) for folder in ("killed", "whole"))
    assert left == whole
    trained = checkpoint_of(only_run(tmp_path / "whole"))
    assert len(trained.weights["loss.centres.table"]) == 12


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["loss=arcface", "loss.sampled=0.1", "trainer.precision=16-mixed"], "choose bf16-mixed or 32"),
        (["loss=arcface", *TWO, "trainer.precision=16-mixed"], "choose bf16-mixed or 32"),
        (["loss=arcface", *TWO, "callbacks=ema"], "callbacks.ema averages weights that all devices have"),
        (["loss=adaface", "compile=true"], "loss=adaface takes embeddings before they are normalised"),
        (["loss=arcface", "loss.margin=180"], "loss.margin=180"),
        (["loss=cosface", "+miner.name=AngularMiner"], "miner"),
        (["loss=adaface", "task=similarity", "head=absolute_difference"], "loss=cross_entropy"),
    ],
)
def test_what_does_not_go_together_is_refused(overrides: list[str], sentence: str) -> None:
    with pytest.raises(LikenessError, match=re.escape(sentence)):
        training_config(overrides)


@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_those_of_pytorch_metric_learning_are_there_by_other_names(name: str) -> None:
    config = training_config([f"loss=pml_{name}"]).plain()
    kind = {"arcface": "ArcFaceLoss", "cosface": "CosFaceLoss"}[name]
    by_hand = training_config(
        [
            "loss=pml",
            f"loss.name={kind}",
            f"+loss.margin={config['loss']['margin']}",
            f"+loss.scale={config['loss']['scale']}",
        ]
    )
    assert config == by_hand.plain()
