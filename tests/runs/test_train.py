"""The one path of a run, in this process: what it leaves behind, and that it can be repeated."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest
import torch
from blank_figures import blank_figures
from omegaconf import OmegaConf
from PIL import Image
from tiny import TINY, train_by

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.evaluate import evaluate_run
from likeness.recipes.embedding.readable import build_data
from likeness.runs.record.folder import create_folder
from likeness.runs.record.logged import read_metrics
from likeness.runs.training.checkpoints import newest_checkpoint

OVERRIDES = [*TINY, "trainer.max_steps=6", "trainer.val_check_interval=3"]


def run(folder: Path, *overrides: str) -> Path:
    with blank_figures():
        return train_by([f"runs_dir={folder}", *OVERRIDES, *overrides])


def weights(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    return checkpoint.weights


def logged(run: Path, name: str) -> list[float]:
    return [row.value for row in read_metrics(run) if row.metric == name]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_by([f"runs_dir={tmp_path_factory.mktemp('runs')}", *OVERRIDES, "seed=3"])


def test_the_folder_holds_what_the_design_says(finished: Path) -> None:
    record = json.loads((finished / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["seed"] == 3
    assert record["config"]["trainer"]["max_steps"] == 6
    assert record["data"]["train"] != record["data"]["test"]
    assert OmegaConf.load(finished / "config.yaml").sampler.images == 3
    results = json.loads((finished / "results.json").read_text())
    assert set(results) == {"trained", "untrained", "raw pixels"}
    accuracy = results["trained"]["verification/accuracy"]
    assert 0 <= accuracy["low"] <= accuracy["high"] <= 1
    assert accuracy["count"] == results["raw pixels"]["verification/accuracy"]["count"]
    assert results["trained"]["verification/tar@far=1e-6"]["value"] is None
    figures = {figure.stem for figure in (finished / "figures").iterdir()}
    assert figures == {"roc", "distances", "calibration", "embedding_map", "hardest_pairs", "training"}
    assert (finished / "log.txt").exists()
    assert (finished / "report.html").is_file()


def test_every_step_and_every_validation_is_logged(finished: Path) -> None:
    assert len(logged(finished, "train/loss")) == 6
    assert len(logged(finished, "validation/accuracy")) == 2
    for watched in ("active", "positive_distance", "negative_distance", "embedding_norm"):
        assert len(logged(finished, f"train/{watched}")) == 6
    assert logged(finished, "train/embedding_norm") == pytest.approx([1.0] * 6)


def test_the_roc_agrees_with_the_rates_that_are_measured(finished: Path) -> None:
    results = json.loads((finished / "results.json").read_text())
    with (finished / "roc.csv").open() as lines:
        rows = [(row["encoder"], float(row["far"]), float(row["tar"])) for row in csv.DictReader(lines)]
    for encoder, measured in results.items():
        curve = [(far, tar) for name, far, tar in rows if name == encoder]
        assert curve == sorted(curve)
        assert curve[-1] == (1, 1)
        at = measured["verification/tar@far=1e-1"]["value"]
        below, above = [tar for far, tar in curve if far <= 0.1], [tar for far, tar in curve if far >= 0.1]
        assert below[-1] <= at <= above[0]


def test_training_moved_the_weights(finished: Path) -> None:
    results = json.loads((finished / "results.json").read_text())
    assert (
        results["trained"]["verification/auc"]["value"] != results["untrained"]["verification/auc"]["value"]
    )


def test_the_same_seed_gives_the_same_bits_whatever_the_workers(finished: Path, tmp_path: Path) -> None:
    again = run(tmp_path, "seed=3", "loader.workers=2")
    other = run(tmp_path, "seed=4")
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(finished).items())
    assert logged(finished, "train/loss") == logged(again, "train/loss")
    assert logged(finished, "train/loss") != logged(other, "train/loss")


def test_a_run_is_evaluated_on_its_own_data_as_it_was(finished: Path, tmp_path: Path) -> None:
    overrides = [word for word in OVERRIDES if word.startswith(("evaluation", "loader"))]
    folder = evaluate_run(finished, [f"runs_dir={tmp_path}", "seed=3", *overrides])
    measured = json.loads((folder / "results.json").read_text())[finished.name]
    assert measured == json.loads((finished / "results.json").read_text())["trained"]


def test_bf16_channels_last_dropout_neck_and_augmentation_train(tmp_path: Path) -> None:
    folder = run(
        tmp_path,
        "trainer.precision=bf16-mixed",
        "channels_last=true",
        "embedder.dropout=0.2",
        "embedder.batch_norm=true",
        "augment=flip",
        "loss=triplet_all",
        "optimizer=sgd",
        "scheduler=cosine",
        "trainer.accumulate_grad_batches=2",
        "trainer.max_steps=2",
    )
    assert all(value.isfinite().all() for value in weights(folder).values())


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"The loss is nan at step \d+; lower optimizer.lr"):
        run(tmp_path, "optimizer.lr=1e30", "scheduler=constant", "trainer.log_every_n_steps=50")
    (folder,) = (tmp_path / "default").iterdir()
    assert json.loads((folder / "run.json").read_text())["status"] == "failed"


def test_weights_that_a_step_broke_are_said_at_validation(tmp_path: Path) -> None:
    broken = [
        "scheduler=constant",
        "optimizer.lr=1e25",
        "trainer.max_steps=2",
        "trainer.val_check_interval=1",
    ]
    with pytest.raises(
        LikenessError, match=r"The embeddings are not numbers after step 1; lower optimizer\.lr"
    ):
        run(tmp_path, *broken)


def test_weights_that_the_last_step_broke_are_said_when_they_are_measured(tmp_path: Path) -> None:
    broken = [
        "scheduler=constant",
        "optimizer.lr=1e25",
        "trainer.max_steps=1",
        "trainer.val_check_interval=9",
    ]
    with pytest.raises(LikenessError, match="embeddings that are not numbers: train it with a lower"):
        run(tmp_path, *broken)


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU where there is none")
def test_a_gpu_that_is_not_there_is_said_before_training(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"0 GPUs; choose trainer\.accelerator=cpu\."):
        run(tmp_path, "trainer.accelerator=gpu")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LikenessError, match=r"can't be written .*; choose another place with runs_dir=DIR"):
        run(tmp_path / "file")


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Ten people with five images each, drawn; one of the images is cut short."""
    from likeness.data.drawn_faces import drawn_faces

    splits = drawn_faces(
        identities=10,
        pictures_per_identity=5,
        validation_identities=2,
        test_identities=2,
        seed=0,
        image_size=32,
        channels=3,
    )
    assert splits.train is not None
    root = tmp_path / "people"
    for index, image in enumerate(splits.train.load(range(50))):
        folder = root / f"person {index // 5}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{index % 5}.png")
    return root


FOLDER_WORDS = [word for word in OVERRIDES if not word.startswith("data")]


def folder_overrides(root: Path, folder: Path) -> list[str]:
    return [f"runs_dir={folder}", "data=image_folder", f"data.root='{root}'", *FOLDER_WORDS]


def run_on(root: Path, folder: Path, *overrides: str) -> Path:
    with blank_figures():
        return train_by([*folder_overrides(root, folder), *overrides])


def test_a_broken_image_is_named_counted_and_left_out(image_folder: Path, tmp_path: Path) -> None:
    for person in range(10):  # wherever the split puts them
        broken = image_folder / f"person {person}" / "0.png"
        broken.write_bytes(broken.read_bytes()[:200])
    folder = run_on(
        image_folder, tmp_path, "data.split=[0.6,0.2,0.2]", "loader.workers=1", "trainer.max_steps=12"
    )
    named = json.loads((folder / "run.json").read_text())["unreadable_images"]
    assert len(named) >= 8  # those of the people to test on, and those that training met
    assert all(name.endswith("0.png") for name in named)
    assert f"{len(named)} images could not be read and were left out" in (folder / "log.txt").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_names_that_are_no_text_are_borne_with(image_folder: Path, tmp_path: Path) -> None:
    for person in list(image_folder.iterdir()):
        (person / "0.png").write_bytes(b"no image")
        os.rename(person, os.fsencode(image_folder) + b"/\xff" + os.fsencode(person.name))
    folder = run_on(image_folder, tmp_path, "data.split=[0.6,0.2,0.2]")
    assert b"images could not be read and were left out: \xffperson" in (folder / "log.txt").read_bytes()


@pytest.mark.parametrize(
    ("readable", "sentence"), [(0, "None of the images of the validation identities"), (1, "too few")]
)
def test_validation_people_who_cannot_be_read_are_said(
    readable: int, sentence: str, image_folder: Path, tmp_path: Path
) -> None:
    overrides = ["data.split=[0.6,0.2,0.2]", "loader.workers=0"]
    config = training_config([*folder_overrides(image_folder, tmp_path), *overrides])
    assert isinstance(config, EmbeddingConfig)
    validation = build_data(config.data).validation
    assert validation is not None
    people = sorted({validation.name(i).split("/")[0] for i in range(len(validation))})
    for person in people[readable:]:
        for file in (image_folder / person).iterdir():
            file.write_bytes(b"no image")
    with pytest.raises(LikenessError, match=sentence):
        run_on(image_folder, tmp_path, *overrides)


def test_fewer_people_than_a_batch_needs_is_said_before_training(image_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"sampler\.identities"):
        run_on(image_folder, tmp_path, "sampler.identities=32")
    assert not (tmp_path / "default").exists()


def test_data_for_testing_only_cannot_be_trained_on(tmp_path: Path) -> None:
    (tmp_path / "lfw").mkdir()
    with pytest.raises(LikenessError, match="lfw"):
        train_by([f"runs_dir={tmp_path}", "data=lfw", f"data.root={tmp_path}/lfw"])


def test_people_of_the_training_are_not_tested_on(image_folder: Path, tmp_path: Path) -> None:
    overrides = [
        "data.split=[0.6,0.2,0.2]",
        "data@test_data=image_folder",
        f"test_data.root='{image_folder}'",
    ]
    with pytest.raises(
        LikenessError, match=r"identities are both trained on and to be tested on, such as person \d"
    ):
        run_on(image_folder, tmp_path, *overrides, "test_data.split_seed=1", "test_data.split=[0,0,1]")


def test_too_few_people_to_measure_are_said_before_training(image_folder: Path, tmp_path: Path) -> None:
    for person in range(10):
        for image in range(1 if person else 2, 5):
            (image_folder / f"person {person}" / f"{image}.png").unlink()
    with pytest.raises(LikenessError):
        run_on(image_folder, tmp_path, "data.split=[0.6,0.2,0.2]")
    assert not (tmp_path / "default").exists()


def test_an_optimizer_that_cannot_be_set_up_is_said_before_training(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match="The optimizer or its scheduler can't be set up so"):
        run(tmp_path, "optimizer.betas=[2.0,2.0]")
    assert not (tmp_path / "default").exists()


def test_two_runs_of_one_moment_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["00ff", "00ff", "00ff", "0100"])
    monkeypatch.setattr("likeness.runs.record.folder.secrets.token_hex", lambda _: next(drawn))
    first, second = create_folder(tmp_path, "twins"), create_folder(tmp_path, "twins")
    assert (first.name[-4:], second.name[-4:]) in {
        ("00ff", "0100"),
        ("00ff", "00ff"),
    }  # or a second had passed
    assert first != second
    assert all((folder / "checkpoints").is_dir() for folder in (first, second))
