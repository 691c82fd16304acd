"""Losses of pytorch-metric-learning train, and a run with them that was killed goes on to the same bits."""

import signal
from functools import partial
from pathlib import Path

import pytest
from killing import finish, kill_self, left_behind, only_run
from test_resume import at_call
from tiny import TINY

from likeness.runs.training.checkpoints import checkpoint_of

SAVED = "likeness.runs.training.checkpointing:SaveCheckpoints._save"


@pytest.mark.parametrize(
    ("loss", "more", "weights"),
    [
        ("pml_arcface", [], "loss.loss.W"),
        ("pml_cosface", [], "loss.loss.W"),
        ("proxy_anchor", [], "loss.loss.proxies"),
        ("supcon", [], None),
        ("multi_similarity", ["miner.name=DistanceWeightedMiner"], None),  # which draws
    ],
)
def test_it_trains_and_goes_on_to_the_same_bits(
    tmp_path: Path, loss: str, more: list[str], weights: str | None
) -> None:
    settings = ["trainer.max_steps=6", "trainer.val_check_interval=3", "checkpoints.every=2"]

    def overrides_for(folder: str) -> list[str]:
        return [f"runs_dir={tmp_path / folder}", *TINY, *settings, f"loss={loss}", *more]

    assert finish(overrides_for("whole")) == 0
    assert finish(overrides_for("killed"), partial(at_call, 3, SAVED, kill_self)) == -signal.SIGKILL
    assert checkpoint_of(only_run(tmp_path / "killed")).step == 2
    assert finish(overrides_for("killed")) == 0
    whole = only_run(tmp_path / "whole")
    assert left_behind(only_run(tmp_path / "killed")) == left_behind(whole)
    if weights is not None:
        found = checkpoint_of(whole)
        assert 12 in found.weights[weights].shape  # as many as identities to train on
        moments = [entry["exp_avg"].shape for entry in found.optimizer["state"].values()]
        assert found.weights[weights].shape in moments
