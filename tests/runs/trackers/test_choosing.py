"""Trackers are chosen on the command line, several as a list."""

import pytest

from likeness.config.compose import composed
from likeness.config.groups import groups
from likeness.config.schema.base import allowed
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.runs.trackers.installed import PACKAGES


def chosen(*overrides: str) -> dict[str, dict[str, object]]:
    logger = training_config(overrides).logger
    return {name: logger.plain()[name] for name in logger.chosen}


def test_a_list_chooses_several_and_each_keeps_its_keys() -> None:
    trackers = chosen("logger=[wandb,trackio]", "logger.wandb.group=margins", "logger.trackio.tags=[a,b]")
    assert list(trackers) == ["wandb", "trackio"]
    assert trackers["wandb"]["group"] == "margins"
    assert trackers["trackio"] == {**chosen("logger=trackio")["trackio"], "tags": ["a", "b"]}
    assert list(chosen(f"logger=[{','.join(PACKAGES)}]")) == list(PACKAGES)


def test_by_default_there_is_none_and_wandb_is_offline() -> None:
    assert chosen() == {}
    assert chosen("logger=wandb")["wandb"]["mode"] == "offline"


def test_every_tracker_is_a_choice_and_may_be_called() -> None:
    assert set(groups()["logger"]) == {"csv", *PACKAGES}
    for name in PACKAGES:
        assert chosen(f"logger={name}")[name]["_target_"] in allowed()


def test_an_unknown_one_in_a_list_is_named() -> None:
    with pytest.raises(LikenessError, match="There is no logger called tracio: did you mean trackio"):
        composed("config", ["logger=[wandb,tracio]"])
