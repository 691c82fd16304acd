"""The key of a configuration: what decides a run's numbers, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from likeness.config.compose import composed
from likeness.config.key import differences, key_of
from likeness.config.make import plain


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
