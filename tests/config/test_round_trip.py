"""A checked configuration, written out and read again, is the same to the key: a resumed run compares the two."""

import pytest
from omegaconf import OmegaConf

from likeness.config.groups import groups
from likeness.config.key import key_of
from likeness.recipes.choose import checked, training_config

DATA = ["data.contents=c", "data.styles=s"]


@pytest.mark.parametrize("experiment", groups()["experiment"])
def test_what_is_written_is_read_again(experiment: str) -> None:
    style = DATA if experiment in {"adain", "feedforward"} else []
    config = training_config([f"+experiment={experiment}", *style])
    again = checked(
        OmegaConf.to_container(OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(config.plain()))))
    )
    assert again.plain() == config.plain()
    assert repr(again.plain()) == repr(config.plain())  # 0 is not 0.0 to a key
    assert key_of(again.plain()) == key_of(config.plain())


@pytest.mark.parametrize("choice", ["faces", "flip", "koch"])
def test_defaults_are_read_as_what_is_given(choice: str) -> None:
    config = training_config([f"augment={choice}"])
    assert repr(checked(config.plain()).plain()) == repr(config.plain())
