"""What a run reads is recognised, and what is no longer as it was is named."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from past_samples import sample_record
from PIL import Image

from likeness.config.key import key_of
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.embedding.readable import build_data
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.recipe import Recipe
from likeness.runs.record.data_files import HashingFiles, read_listing
from likeness.runs.record.record_file import write_record
from likeness.runs.resume import refuse_other, unfinished_run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for person in range(8):
        for image in range(3):
            path = tmp_path / "people" / f"person {person}" / f"{image}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (30 * person, 80 * image, 0)).save(path)
    return tmp_path / "people"


@pytest.fixture
def overrides(images: Path, tmp_path: Path) -> list[str]:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "net.pth")
    return [
        "data=image_folder",
        f"data.root='{images}'",
        "data.split=[0.5,0,0.5]",
        "backbone=timm",
        "backbone.name=resnet18",
        f"backbone.weights='{tmp_path / 'net.pth'}'",
        "evaluation.pairs=20",
        "evaluation.folds=2",
        "sampler.identities=2",
        "sampler.images=2",
    ]


def config_by(overrides: list[str]) -> EmbeddingConfig:
    config = training_config(overrides)
    assert isinstance(config, EmbeddingConfig)
    return config


def inputs(overrides: list[str]) -> Recipe:
    return recipe_of(config_by(overrides))


def test_a_change_of_the_weights_or_the_images_changes_their_fingerprints(
    overrides: list[str], images: Path, tmp_path: Path
) -> None:
    before = inputs(overrides).fingerprints
    assert before.keys() == {"train", "test", "pairs", "weights"}
    assert inputs(overrides).fingerprints == before
    torch.save({"weight": torch.ones(3)}, tmp_path / "net.pth")
    now = inputs(overrides).fingerprints
    assert {part for part in before if now[part] != before[part]} == {"weights"}
    trained = build_data(config_by(overrides).data).train
    assert trained is not None
    (images / trained.name(0)).unlink()
    now = inputs(overrides).fingerprints
    assert {part for part in before if now[part] != before[part]} == {"train", "test", "weights"}


def test_the_parts_that_decide_the_inputs_are_enough_to_recognise_them(overrides: list[str]) -> None:
    config = config_by([*overrides, "task=similarity", "embedder.activation=relu"])
    parts = {name: getattr(config, name) for name in EMBEDDING.inputs}
    part = EmbeddingConfig.model_construct(**parts)  # to ask it for any other is an error
    assert EmbeddingRecipe(part).fingerprints == EmbeddingRecipe(config).fingerprints


def test_the_words_for_weights_are_no_files(overrides: list[str]) -> None:
    for word in ("null", "hub", "pip"):
        assert "weights" not in inputs([*overrides, f"backbone.weights={word}"]).fingerprints


def recorded(folder: Path, overrides: list[str]) -> None:
    """The record and the listing of a run that was killed."""
    folder.mkdir(parents=True)
    config, read = config_by(overrides).plain(), inputs(overrides)
    record = {**sample_record(), "config": config, "key": key_of(config), "source": None, "status": "running"}
    write_record(folder, {**record, "data": read.fingerprints})
    HashingFiles(read.files, folder).finish()


def refuse(folder: Path, overrides: list[str]) -> None:
    config, read = config_by(overrides), inputs(overrides)
    refuse_other(folder, config, config, read.fingerprints, read.files)


def test_a_run_does_not_go_on_with_other_files_and_names_the_first(
    overrides: list[str], images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    recorded(run, overrides)
    assert len(read_listing(run)) == 8 * 3 + 1
    refuse(run, overrides)
    torch.save({"weight": torch.ones(3)}, tmp_path / "net.pth")
    with pytest.raises(
        LikenessError, match=r"^The weights data of .* \(.*net\.pth was changed\); put them back"
    ):
        refuse(run, overrides)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "net.pth")
    refuse(run, overrides)
    (images / "person 3" / "1.png").rename(images / "person 3" / "7.png")
    with pytest.raises(LikenessError, match=r"data of .* \(.*person 3/1\.png is gone\); put them back"):
        refuse(run, overrides)
    (run / "data.csv").unlink()  # killed before the files were hashed
    with pytest.raises(
        LikenessError, match=r"data of .*run are no longer .* \(25 of 25 files had not been hashed yet"
    ):
        refuse(run, overrides)


def test_the_same_command_begins_anew_on_other_data(
    overrides: list[str],
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(
        "likeness.runs.resume.capture_source", lambda packages: SimpleNamespace(identity=None)
    )
    run = tmp_path / "runs" / "default" / "run"
    overrides += [f"runs_dir='{tmp_path / 'runs'}'"]
    recorded(run, overrides)
    config, before = config_by(overrides), inputs(overrides)
    assert unfinished_run(config, before.fingerprints, before.files) == run
    (images / "person 3" / "1.png").unlink()
    now = inputs(overrides)
    with caplog.at_level("WARNING", logger="likeness"):
        assert unfinished_run(config, now.fingerprints, now.files) is None
    gone = images / "person 3" / "1.png"
    said = f"{run} is unfinished, but was made from other data ({gone} is gone): this is a new run."
    assert said in caplog.messages
