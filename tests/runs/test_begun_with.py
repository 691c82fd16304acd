"""A head on the encoder of another run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from killing import OVERRIDES, finish, only_run
from PIL import Image
from tiny import train_by

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.encoded_images import EncodedImages
from likeness.data.skipping import SkippingUnreadable
from likeness.data.stored_encodings import write_encodings
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.embedding import kept_encodings
from likeness.recipes.embedding.evaluate import evaluate_run
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.training.checkpoints import newest_checkpoint

pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    assert finish([f"runs_dir={folder}", *OVERRIDES]) == 0
    return only_run(folder)


def overrides_for(encoder: Path, *more: str) -> list[str]:
    return [*OVERRIDES, "task=similarity", f"task.encoder={encoder}", *more]


def recipe_by(overrides: list[str]) -> EmbeddingRecipe:
    config = training_config(overrides)
    assert isinstance(config, EmbeddingConfig)
    return EmbeddingRecipe(config)


def weights(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    return checkpoint.weights


def test_a_frozen_encoder_stays_as_it_was_and_the_head_learns(encoder: Path, tmp_path: Path) -> None:
    assert finish(overrides_for(encoder, "task.frozen=true", f"runs_dir={tmp_path}")) == 0
    before, after = weights(encoder), weights(only_run(tmp_path))
    assert after.keys() - before.keys() == {"head.weight", "head.bias"}
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert after["head.weight"].unique().numel() > 1


def test_a_frozen_encoder_encodes_each_image_once(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    recipe = recipe_by(overrides_for(encoder, "task.frozen=true"))
    calls = []
    monkeypatch.setattr(
        kept_encodings, "write_encodings", lambda *words: (calls.append(words[1]), write_encodings(*words))[1]
    )
    fed, images = recipe.data().train, recipe._splits.train
    task = recipe.task()
    expected = task.embedder.eval()(torch.stack(images.load(range(len(images)))).float() / 255)
    stored = torch.stack(fed.load(range(len(fed))))
    torch.testing.assert_close(stored, expected)
    assert torch.equal(task(stored), stored)  # the encoder is not asked again
    assert calls == [len(images), len(recipe._splits.validation)]
    recipe_by(overrides_for(encoder, "task.frozen=true")).data()
    assert len(calls) == 2  # they are kept
    augmented = recipe_by(overrides_for(encoder, "task.frozen=true", "augment=flip"))
    assert augmented.data().train.load([0])[0].ndim == 3  # another image at every step


def test_an_image_that_could_not_be_encoded_is_left_out() -> None:
    images = recipe_by(list(OVERRIDES))._splits.train
    encoded = SkippingUnreadable(
        EncodedImages(images, np.eye(len(images), 3, dtype=np.float32), np.arange(1, 9))
    )
    first, second = encoded.load_or_none([0, 1])
    assert first is None
    assert second is not None
    assert second.tolist() == [0, 1, 0]
    assert encoded.unreadable == [images.name(0)]


def test_one_that_is_not_frozen_begins_there(encoder: Path) -> None:
    task = recipe_by(overrides_for(encoder)).task()
    before = weights(encoder)
    for name, value in task.embedder.state_dict().items():
        assert torch.equal(value, before[f"embedder.{name}"])


def test_the_encoder_is_a_part_of_what_a_run_is_recognised_by(encoder: Path) -> None:
    alone = recipe_by([*OVERRIDES, "task=similarity"]).fingerprints
    config = training_config(overrides_for(encoder))
    fingerprints = recipe_of(config).fingerprints
    assert fingerprints.keys() - alone.keys() == {"encoder"}
    parts = {
        name: getattr(config, name) for name in EMBEDDING.inputs
    }  # by which a sweep knows its jobs again
    assert EmbeddingRecipe(EmbeddingConfig.model_construct(**parts)).fingerprints == fingerprints


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("embedder.embedding_dim=64", "hold another network's weights than the configuration describes"),
        ("task.encoder=nowhere", "^nowhere has no checkpoint that can be read"),
    ],
)
def test_an_encoder_that_does_not_fit_is_one_sentence(
    encoder: Path, more: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(LikenessError, match=sentence):
        train_by(overrides_for(encoder, more, f"runs_dir={tmp_path}"))
    assert not list(tmp_path.iterdir())


SPLIT = "[0.5,0.25,0.25]"


def of_people(folder: Path, split: str) -> list[str]:
    kept = [word for word in OVERRIDES if not word.startswith("data.")]
    images = f"data.root={folder / 'images'}"
    return [*kept, "data=image_folder", images, f"data.split={split}", "evaluation.folds=2"]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 24 people, and three runs: one on half of them, and two that begin each with the one before."""
    folder = tmp_path_factory.mktemp("people")
    random = np.random.default_rng(0)
    for person in range(24):
        (folder / "images" / str(person)).mkdir(parents=True)
        for image in range(4):
            pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "images" / str(person) / f"{image}.png")
    encoder = "null"
    for name in ("first", "second", "third"):
        more = ["task=similarity", f"task.encoder={encoder}", f"runs_dir={folder / name}"]
        assert finish([*of_people(folder, SPLIT), *more]) == 0
        encoder = str(only_run(folder / name))
    return folder


@pytest.mark.parametrize("begun_with", ["first", "third"])
@pytest.mark.parametrize(
    ("split", "how"),
    [
        ("[0.25,0,0.75]", "trained on and to be tested on"),
        ("[0.25,0.5,0.25]", "trained on and to be validated on"),
    ],
)
def test_people_that_the_encoder_was_trained_on_are_not_seen_again(
    split: str, how: str, begun_with: str, people: Path
) -> None:
    more = ["task=similarity", f"task.encoder={only_run(people / begun_with)}"]
    with pytest.raises(LikenessError, match=rf"^\d+ identities are both {how}, such as "):
        recipe_by([*of_people(people, split), *more]).refuse()
    recipe_by([*of_people(people, SPLIT), *more]).refuse()


def test_nobody_is_validated_and_tested_on(people: Path) -> None:
    more = ["data@test_data=image_folder", "test_data.split=[0,0,1]"]
    root = f"test_data.root={people / 'images'}"
    recipe = recipe_by([*of_people(people, "[0,1,0]"), *more, root])
    with pytest.raises(LikenessError, match="identities are both validated on and to be tested on"):
        recipe.refuse()


@pytest.mark.parametrize("name", ["first", "third"])
def test_an_evaluation_knows_the_people_of_every_run_before(name: str, people: Path, tmp_path: Path) -> None:
    run = only_run(people / name)
    more = ["data.split=[0.25,0,0.75]", f"runs_dir={tmp_path}"]
    with pytest.raises(LikenessError, match="identities are both trained on and to be tested on"):
        evaluate_run(run, more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["data.split=[0.5,0,0.5]"], "an identity that is to be tested on"),
        (["evaluation.flip=true"], "it was chosen with evaluation.flip=False"),
        ([], None),
    ],
)
def test_a_threshold_is_left_out_where_it_does_not_hold(
    more: list[str], said: str | None, people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = only_run(people / "first")
    with caplog.at_level("WARNING", logger="likeness"):
        folder = evaluate_run(run, [*more, f"runs_dir={tmp_path}"])
    measured = json.loads((folder / "results.json").read_text())[run.stem]
    assert ("calibration/ece" in measured) == (said is None)
    left_out = [message for message in caplog.messages if "is left out" in message]
    assert len(left_out) == (said is not None)
    assert all(str(said) in message for message in left_out)
