"""The key of a configuration: what decides a run's numbers, and nothing else."""

import json
from copy import deepcopy
from hashlib import sha256
from typing import Any

import pytest

from likeness.config.compose import composed
from likeness.config.groups import groups
from likeness.config.key import deciding, differences, key_of
from likeness.config.make import make, plain
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return plain(composed("config", ["+experiment=triplet_hard"]))


@pytest.mark.parametrize("word", ["runs_dir=elsewhere", "loader.workers=2", "logger=tensorboard"])
def test_what_changes_no_number_keeps_the_key(config: dict[str, Any], word: str) -> None:
    other = plain(composed("config", ["+experiment=triplet_hard", word]))
    assert other != config
    assert key_of(other) == key_of(config)
    assert differences(config, other) == []


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("seed=1", "seed", 1),
        ("loss.margin=0.3", "loss.margin", 0.3),
        ("trainer.devices=2", "trainer.devices", 2),
        ("evaluation.pairs=600", "evaluation.pairs", 600),
    ],
)
def test_what_changes_a_number_changes_the_key_and_is_named(
    config: dict[str, Any], word: str, key: str, value: object
) -> None:
    other = plain(composed("config", ["+experiment=triplet_hard", word]))
    assert key_of(other) != key_of(config)
    [difference] = differences(config, other)
    assert (difference.key, difference.second) == (key, value)


def test_the_order_of_keys_is_of_no_account(config: dict[str, Any]) -> None:
    assert key_of(dict(reversed(config.items()))) == key_of(config)


def test_a_missing_key_is_a_difference_even_from_none(config: dict[str, Any]) -> None:
    other = deepcopy(config)
    assert other["trainer"].pop("gradient_clip_val", "nothing") is None
    assert [difference.key for difference in differences(config, other)] == ["trainer.gradient_clip_val"]
    assert key_of(other) != key_of(config)


def test_a_number_of_another_type_is_a_difference(config: dict[str, Any]) -> None:
    other = {**config, "seed": 0.0}
    assert [difference.key for difference in differences(config, other)] == ["seed"]
    assert key_of(other) != key_of(config)


FOLDER = ["data=image_folder", "data@test_data=lfw"]


@pytest.mark.parametrize("word", ["data.hash=sampled", "test_data.hash=sampled"])
def test_how_files_are_listed_keeps_the_key(word: str) -> None:
    config, other = (plain(composed("config", [*FOLDER, *more])) for more in ([], [word]))
    assert other != config
    assert key_of(other) == key_of(config)
    assert differences(config, other) == []


def test_a_configuration_of_before_there_was_a_choice_has_the_same_key() -> None:
    config = plain(composed("config", FOLDER))
    old = deepcopy(config)
    assert (old["data"].pop("hash"), old["test_data"].pop("hash")) == ("full", "full")
    assert key_of(old) == key_of(config)
    # as keys were made then: of all but these parts
    parts = {key: value for key, value in old.items() if key not in {*ONCE_NEUTRAL}}
    assert key_of(old) == sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


ONCE_NEUTRAL = ("runs_dir", "loader", "logger", "checkpoints", "sweep", "trust")


def test_only_the_dotted_key_is_left_out() -> None:
    config = {
        "data": {"hash": "full", "root": "x", "deeper": {"hash": 1}},
        "loss": {"hash": 2},
        "hash": 3,
        "seed": 0,
    }
    assert deciding(config) == {
        "data": {"root": "x", "deeper": {"hash": 1}},
        "loss": {"hash": 2},
        "hash": 3,
        "seed": 0,
    }
    assert deciding(config, "seed", "loss.hash") == {
        "data": {"root": "x", "deeper": {"hash": 1}},
        "loss": {},
        "hash": 3,
    }
    assert config["data"] == {"hash": "full", "root": "x", "deeper": {"hash": 1}}


OF_FILES = [name for name in sorted(groups()["data"]) if not name.startswith("drawn_")]
GREY = ["backbone.channels=1", "backbone.mean=null", "backbone.std=null"]


@pytest.mark.parametrize("name", OF_FILES)
def test_all_data_of_files_have_the_choice_and_hand_it_to_nobody(name: str) -> None:
    of_faces = ("wider_face", "voc", "yolo", "boxes_json", "points_csv")
    scenes = {source: ["+experiment=mtcnn", "data.root=photographs"] for source in of_faces}
    styles = {"style_pictures": ["+experiment=style_transfer"], "style_folders": ["+experiment=adain"]}
    others = {
        "arrays": ["data.path=digits.npz"],
        "audio_folder": [*GREY, "backbone.spatial_size=[512]"],
        "volume_folder": [*GREY, "backbone.spatial_size=[16,16,16]"],
    }
    task = {**scenes, **styles, **others}.get(name, [])
    for word in ("full", "sampled"):
        config = training_config([*task, f"data={name}", f"data.hash={word}"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("likeness.config.make.instantiate", lambda values, **_: values)
            handed = make(config.data)
        assert handed == {key: value for key, value in config.data.plain().items() if key != "hash"}
        assert config.data.hash == word
    with pytest.raises(LikenessError, match=r"data\.hash=half is not a known value"):
        training_config([*task, f"data={name}", "data.hash=half"])


@pytest.mark.parametrize("name", sorted(set(groups()["data"]) - {*OF_FILES}))
def test_what_is_drawn_has_no_files_to_list(name: str) -> None:
    with pytest.raises(LikenessError, match=r"Unknown key data\.hash"):
        composed("config", [f"data={name}", "data.hash=sampled"])
