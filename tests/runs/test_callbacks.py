"""Callbacks of a run, and the checkpoint whose weights it hands on: killed within each, it goes on to the same bits."""

import json
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forked_ranks import forked_ranks_from_now_on
from killing import OVERRIDES, at_call, finish, left_behind, only_run
from PIL import Image
from pytorch_lightning.callbacks import EarlyStopping
from tiny import TINY, train_by
from typer.testing import CliRunner

import likeness
from likeness.applications.gallery.stores import open_store
from likeness.cli import app
from likeness.data.datamodule import IdentityDataModule
from likeness.data.drawn_faces import drawn_faces
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.embedding.results import _curves
from likeness.runs.compare.listing import list_runs
from likeness.runs.record.logged import readable_metrics
from likeness.runs.record.record_file import read_record
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.validations import validations_of
from likeness.runs.training.checkpoints import hash_of, read_checkpoint
from likeness.runs.training.chosen import refuse_monitoring
from likeness.runs.training.monitors import CURVES

EVERY = [
    *OVERRIDES,
    "embedder.dropout=0.3",
    "embedder.batch_norm=true",
    "callbacks=[ema,early_stopping,learning_rate,gradient_norm,unfreezing]",
    "callbacks.early_stopping.patience=2",
    "callbacks.unfreezing.at_step={embedder.backbone: 3}",
    "checkpoint=best",
    "checkpoint.save_top_k=2",
    "trainer.val_check_interval=2",
    "evaluation.far=0.2",
]
STOPPED, BEST = 10, [6, 2]  # as the run came out once, which each of these tests stands on
MEASURED = [one for one in TINY if one.startswith("evaluation.")]
MODULE = "likeness.runs.training.weight_average:WeightAverage"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all callbacks that early stopping ended, and that was not killed."""
    folder = tmp_path_factory.mktemp("whole")
    assert finish([*EVERY, f"runs_dir={folder}"]) == 0
    return only_run(folder)


# Moments to be killed at, one after the other: each is given to a process that goes on where the last was killed.
MOMENTS: dict[str, Callable[[], None]] = {
    "before the average takes in step 3": partial(at_call, 2, f"{MODULE}._take_in"),
    "at the first step that the backbone is trained in": partial(
        at_call, 2, "likeness.runs.training.unfreezing:Unfreezing.on_train_batch_start"
    ),
    "in a validation, with the average in place of the weights": partial(
        at_call, 2, f"{MODULE}.on_validation_end"
    ),
    "before the checkpoint of the best validation is renamed": partial(
        at_call, 1, "likeness.runs.training.checkpoints:replace"
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


TWO = [
    *(word for word in EVERY if "unfreezing" not in word),  # which needs one device
    "callbacks=[ema,early_stopping,learning_rate,gradient_norm]",
    "trainer.accelerator=cpu",
    "trainer.devices=2",
]


def _on_two(moment: Callable[[], None] | None = None) -> None:
    forked_ranks_from_now_on()
    if moment is not None:
        moment()


@pytest.mark.slow
def test_so_does_one_on_two_devices(tmp_path: Path) -> None:
    """Each rank is killed at the moment, or ends since the other is gone."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert finish([*TWO, f"runs_dir={whole}"], _on_two) == 0
    moments = {name: moment for name, moment in MOMENTS.items() if "backbone" not in name}
    for name, moment in moments.items():
        assert finish([*TWO, f"runs_dir={killed}"], partial(_on_two, moment)) != 0, name
    assert finish([*TWO, f"runs_dir={killed}"], _on_two) == 0
    steps = [session["step"] for session in read_record(only_run(killed))["sessions"]]
    assert steps == [0, 2, 4, 4, 10], steps
    assert left_behind(only_run(killed)) == left_behind(only_run(whole))
    assert read_record(only_run(killed))["weights"] == read_record(only_run(whole))["weights"]


def test_the_moments_cover_what_they_say(killed: Path) -> None:
    """Killed in steps 3 and 4, in the validation of step 6 and after it, and when training was over."""
    assert [session["step"] for session in read_record(killed)["sessions"]] == [0, 2, 2, 4, 4, STOPPED]


def test_the_best_checkpoints_are_those_of_the_best_validations_and_the_last_two_are_kept_too(
    whole: Path,
) -> None:
    by_value = sorted(validations_of(whole, "validation/accuracy"), key=lambda one: -one.value)
    assert [one.step for one in by_value[:2]] == BEST
    kept = {int(path.stem[5:]) for path in (whole / "checkpoints").glob("*.ckpt")}
    assert kept == {*BEST, STOPPED - 2, STOPPED}


def test_the_run_stopped_where_lightnings_own_callback_stops(whole: Path) -> None:
    stopping = EarlyStopping("validation/accuracy", mode="max", patience=2)
    steps = [
        step for step, value in validations_of(whole, "validation/accuracy") if not _stops(stopping, value)
    ]
    assert steps[-1] == STOPPED - 2
    assert "The training ended early, after step 10" in (whole / "log.txt").read_text()


def _stops(stopping: EarlyStopping, value: float) -> bool:
    return stopping._evaluate_stopping_criteria(torch.tensor(value))[0]


def test_what_a_run_hands_on_is_the_average_of_its_best_checkpoint_and_so_is_what_it_measures_by(
    whole: Path,
) -> None:
    checkpoint = read_checkpoint(whole / "checkpoints" / "step-00000006.ckpt", SealedFiles(whole))
    average = checkpoint.callbacks["weight_average"]["weights"]
    assert any(not torch.equal(value, checkpoint.weights[name]) for name, value in average.items())
    own = {name: value for name, value in average.items() if name.startswith("embedder.")}
    encoder = likeness.load(whole)
    assert encoder.weights == hash_of(own)
    assert read_record(whole)["weights"] == {
        "step": 6,
        "checkpoint": "best",
        "averaged": True,
        "monitor": "validation/accuracy",
        "value": max(value for _, value in validations_of(whole, "validation/accuracy")),
    }
    assert "averaged weights of step 6 (the best validation/accuracy" in (whole / "report.html").read_text()


def test_pairs_are_judged_and_a_gallery_is_bound_by_the_best_weights(whole: Path, tmp_path: Path) -> None:
    shown = drawn_faces(
        identities=2,
        pictures_per_identity=2,
        validation_identities=2,
        test_identities=2,
        seed=5,
        image_size=32,
        channels=3,
    ).train
    assert shown is not None
    images = torch.stack(list(shown.load([0, 2])))
    faces = [tmp_path / f"{number}.png" for number in range(2)]
    for path, face in zip(faces, images, strict=True):
        Image.fromarray(face.permute(1, 2, 0).numpy()).save(path)

    encoder, last = likeness.load(whole), likeness.load(whole, checkpoint=STOPPED)
    by_best, by_last = (
        (one.encode(images)[0] - one.encode(images)[1]).square().sum() for one in (encoder, last)
    )
    assert float(by_best) != pytest.approx(float(by_last), rel=0.1)
    said = CliRunner().invoke(app, ["verify", *map(str, faces), "--run", str(whole)])
    assert said.exit_code == 0, said.output
    (distance,) = re.findall(r"^distance +(\S+)", said.output, re.MULTILINE)
    assert float(distance) == pytest.approx(float(by_best), rel=0.01)

    path = tmp_path / "people.gallery"
    said = CliRunner().invoke(app, ["gallery", "create", str(path), "--run", str(whole)])
    assert said.exit_code == 0, said.output
    with open_store(path) as store:
        assert store.settings().encoder["weights"] == encoder.weights


def test_what_is_logged_beside_the_loss_is_drawn(whole: Path) -> None:
    panels = _curves(whole)
    for label, metric in CURVES.items():
        (curve,) = panels[label].values()
        logged = {row.step: row.value for row in readable_metrics(whole) if row.metric == metric}
        assert (
            dict(zip(np.asarray(curve.step).tolist(), np.asarray(curve.value).tolist(), strict=True))
            == logged
        )


def test_the_best_validation_is_listed_and_sorted_by_and_an_epoch_is_told(whole: Path) -> None:
    """12 identities of 6 images, 12 to a batch: 6 steps an epoch."""
    (row,) = list_runs(whole.parents[1], [], sort="-best.value")
    best = max(value for _, value in validations_of(whole, "validation/accuracy"))
    assert read_record(whole)["best"] == {"metric": "validation/accuracy", "step": 6, "value": best}
    assert row["run"] == str(whole)
    assert "An epoch is 6 steps" in (whole / "log.txt").read_text()


def test_the_threshold_belongs_to_the_checkpoint_that_is_handed_on_and_to_no_other(whole: Path) -> None:
    assert (
        likeness.load(whole).operating_point == likeness.load(whole, checkpoint=6).operating_point is not None
    )
    assert likeness.load(whole, checkpoint=STOPPED).operating_point is None


def test_an_evaluation_of_the_run_measures_the_same_and_says_which_weights_these_are(
    whole: Path, tmp_path: Path
) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(whole), f"runs_dir={tmp_path}", *MEASURED])
    assert done.exit_code == 0, done.output
    (folder,) = tmp_path.glob("*/*")
    (measured,) = [one for name, one in results_of(folder).items() if name not in results_of(whole)]
    then = results_of(whole)["trained"]
    assert {name: measured[name]["value"] for name in then} == {
        name: one["value"] for name, one in then.items()
    }
    assert read_record(folder)["encoder"]["weights"].startswith(
        "averaged weights of step 6 (the best validation/"
    )


def results_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["checkpoint=best", "trainer.val_check_interval=1000"], "there is no validation in 600 batches"),
        (["checkpoint=best", "checkpoint.monitor=validation/map"], r"did you mean validation/map@r\?"),
        (
            ["checkpoint=best", "trainer.val_check_interval=3", "trainer.accumulate_grad_batches=2"],
            "a multiple of",
        ),
        (["callbacks=unfreezing"], "callbacks.unfreezing.at_step has no value"),
        (["callbacks=unfreezing", "callbacks.unfreezing.at_step={embedder.backbon: 2}"], "embedder.backbone"),
        (
            ["callbacks=unfreezing", "callbacks.unfreezing.at_step={embedder: 2}"],
            "freezes all that the task trains",
        ),
        (["trainer.max_epochs=2", "trainer.max_steps=3"], "say two lengths"),
        (["trainer.val_check_interval=-1.0"], r"val_check_interval=-1\.0 is no share of an epoch"),
        (["trainer.val_check_interval=inf"], "val_check_interval=inf is no share of an epoch"),
        (["trainer.max_epochs=2", "trainer.accumulate_grad_batches=0"], "accumulate_grad_batches=0 won't do"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_runs(
    overrides: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(LikenessError, match=said):
        train_by([*TINY, f"runs_dir={tmp_path}", *overrides])
    assert not list(tmp_path.iterdir())


def test_data_that_leave_nothing_to_validate_on_are_refused_by_the_key_that_asks_for_it() -> None:
    refuse_monitoring(training_config(["callbacks=[ema,learning_rate]"]))
    for asked, key in {
        "checkpoint=best": "checkpoint",
        "callbacks=early_stopping": "callbacks.early_stopping",
    }.items():
        with pytest.raises(
            LikenessError, match=f"^{key} looks at validation/accuracy, and these data leave nothing"
        ):
            refuse_monitoring(training_config([asked]))


def test_epochs_become_steps_and_batches(tmp_path: Path) -> None:
    """12 identities of 6 images, 12 to a batch: 6 batches, which are 3 steps of two."""
    config = training_config(
        [*TINY, "trainer.max_epochs=3", "trainer.accumulate_grad_batches=2", "trainer.val_check_interval=1.0"]
    )
    assert (config.trainer.max_epochs, config.trainer.max_steps, config.trainer.val_check_interval) == (
        3,
        9,
        6,
    )
    assert config.scheduler.plain()["total_steps"] == 9


def test_validation_on_a_part_takes_whole_identities_drawn_by_the_seed() -> None:
    def watched(*more: str) -> set[int]:
        data = recipe_of(training_config([*TINY, *more])).data()
        assert isinstance(data, IdentityDataModule)
        assert data.validation is not None
        rows = range(len(data.validation)) if data.watched is None else data.watched
        identities = data.validation.identity[list(rows)].tolist()
        assert all(identities.count(one) == 6 for one in identities)
        return set(identities)

    part = "evaluation.validation_identities=3"
    assert watched() == watched("evaluation.validation_identities=4")
    assert len(watched(part)) == 3
    assert len({tuple(sorted(watched(part, f"seed={seed}"))) for seed in range(8)}) > 1
