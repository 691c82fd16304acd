"""Callbacks of a run, and the checkpoint whose weights it hands on: killed within each, it goes on to the same bits."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from killing import HARD, OVERRIDES, at_call, finish, left_behind, only_run

from likeness.runs.record.record_file import read_record

EVERY = [
    *OVERRIDES,
    *HARD,
    "callbacks=[ema,early_stopping,learning_rate,gradient_norm,unfreezing]",
    "callbacks.early_stopping.patience=2",
    "callbacks.unfreezing.at_step={embedder.backbone: 3}",
    "checkpoint=best",
    "checkpoint.save_top_k=2",
    "trainer.max_steps=24",
    "trainer.val_check_interval=4",
]
STOPPED, BEST = 14, [10, 6]  # as the run came out once, which each of these tests stands on
MODULE = "likeness.runs.training.weight_average:WeightAverage"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all callbacks that early stopping ended, and that was not killed."""
    folder = tmp_path_factory.mktemp("whole")
    assert finish([*EVERY, f"runs_dir={folder}"]) == 0
    return only_run(folder)


# Moments to be killed at, one after the other: each is given to a process that goes on where the last was killed.
MOMENTS: dict[str, Callable[[], None]] = {
    "before the average has taken in step 3, from which on the backbone is trained": partial(
        at_call, 2, f"{MODULE}._take_in"
    ),
    "at the first step that the backbone is trained in": partial(
        at_call, 3, "likeness.runs.training.unfreezing:Unfreezing.on_train_batch_start"
    ),
    "in a validation, with the average in place of the weights": partial(
        at_call, 2, f"{MODULE}.on_validation_end"
    ),
    "while the checkpoint of a best validation is renamed": partial(
        at_call, 2, "likeness.runs.training.checkpoints:replace"
    ),
    "when early stopping has ended the training": partial(
        at_call, 1, "likeness.recipes.embedding.recipe:measure"
    ),
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run, killed at each of the moments."""
    folder = tmp_path_factory.mktemp("killed")
    overrides = [*EVERY, f"runs_dir={folder}"]
    for name, moment in MOMENTS.items():
        assert finish(overrides, moment) == -signal.SIGKILL, name
    assert finish(overrides) == 0
    return only_run(folder)


def test_a_run_that_is_killed_within_each_callback_goes_on_to_the_same_bits(
    whole: Path, killed: Path
) -> None:
    assert left_behind(killed) == left_behind(whole)
    assert read_record(killed)["weights"] == read_record(whole)["weights"]
    assert sorted(path.name for path in (killed / "checkpoints").iterdir()) == sorted(
        path.name for path in (whole / "checkpoints").iterdir()
    )


def test_the_moments_cover_what_they_say(killed: Path) -> None:
    """Killed in steps 4, 4, 6 and 8, and after early stopping; the backbone is trained from the fourth step on."""
    assert [session["step"] for session in read_record(killed)["sessions"]] == [0, 2, 2, 4, 6, 14]
