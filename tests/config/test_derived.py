"""A value that a key takes from another is told by the key that the user gave."""

import pytest
from omegaconf import OmegaConf

from likeness.config.compose import composed
from likeness.config.derived import sources_of
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config


@pytest.mark.parametrize("value", ["-1", "0", "foo", "true"])
def test_the_rate_of_a_schedule_is_that_of_the_optimizer(value: str) -> None:
    with pytest.raises(LikenessError, match=r"^optimizer\.lr="):
        training_config([f"optimizer.lr={value}"])
    with pytest.raises(LikenessError, match=r"^scheduler\.max_lr="):  # which was given itself
        training_config([f"scheduler.max_lr={value}"])


def test_chains_lead_to_their_end() -> None:
    config = OmegaConf.create({"a": {"x": "${b.y}", "z": "${b.y}/more"}, "b": {"y": "${c}"}, "c": 1})
    assert sources_of(config) == {"a.x": "c", "b.y": "c"}


def test_every_derived_key_of_the_default_run_leads_to_one_that_is_given() -> None:
    config = composed("config", [])
    sources = sources_of(config)
    assert {"scheduler.max_lr", "scheduler.total_steps", "data.channels"} <= sources.keys()
    for source in sources.values():
        assert OmegaConf.select(config, source) is not None
