"""What is said of a part's values is said by its keys in the configuration."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.config.make import make, told
from likeness.config.schema.base import Node
from likeness.data.sampler import IdentityBalancedBatches
from likeness.errors import LikenessError, UnreadableImage
from likeness.models.weights import read_weights
from likeness.recipes.choose import training_config


def config(*overrides: str) -> Any:
    return training_config(overrides)


def said(overrides: list[str], part: str) -> str:
    with pytest.raises(LikenessError) as caught:
        make(getattr(config(*overrides), part))
    return str(caught.value)


def test_parts_know_where_they_stand() -> None:
    checked = config("augment=faces", "data@test_data=image_folder", "test_data.root=x")
    assert (checked.data.place, checked.test_data.place, checked.place) == ("data", "test_data", "")
    named = {name: node.place for name, node in checked.augment.items() if node is not None}
    assert named == {name: f"augment.{name}" for name in named}
    assert named


def test_a_parameter_becomes_the_key_of_the_part_that_it_came_from(tmp_path: Path) -> None:
    nowhere = tmp_path / "root=nowhere"  # a path that looks like a parameter stays as it is
    for part, chosen in {"data": "data=image_folder", "test_data": "data@test_data=image_folder"}.items():
        sentence = said([chosen, f"{part}.root='{nowhere}'"], part)
        assert sentence.startswith(f"The folder {nowhere} does not exist: set {part}.root=DIR to a folder")
    (tmp_path / "a").mkdir()
    for place in ("a/0.png", "a/1.png"):
        (tmp_path / place).write_bytes(b"")
    split = ["data=image_folder", f"data.root={tmp_path}", "data.split=[0.5,0.0,0.5]"]
    assert said(split, "data").startswith("1 identities are too few for data.split=[0.5, 0.0, 0.5], which")


def test_a_name_in_backticks_becomes_a_key_too() -> None:
    sentence = said(["backbone=timm", "backbone.name=resnet18", "backbone.stages=9"], "backbone")
    assert sentence == "resnet18 has 5 stages, not 9; lower backbone.stages or backbone.frozen_stages."


def test_what_names_no_parameter_begins_with_the_part() -> None:
    for node, place in ((config().sampler, "sampler: "), (Node(), "")):
        with pytest.raises(LikenessError, match=rf"^{place}None of the 4 training identities"), told(node):
            IdentityBalancedBatches(np.arange(4), identities=2, images=2, seed=0)


def test_what_is_a_sentence_already_and_what_is_no_value_is_left() -> None:
    for error in (UnreadableImage("a.png is torn."), KeyError("split"), RuntimeError("out of memory")):
        with pytest.raises(type(error)) as caught, told(config().data):
            raise error
        assert caught.value is error


def test_a_library_s_refusal_names_what_was_called() -> None:
    with pytest.raises(LikenessError) as caught, told(config().optimizer):
        json.loads("{")
    assert str(caught.value).startswith("optimizer._target_=torch.optim.AdamW refuses its values: Expecting")
    with pytest.raises(LikenessError, match=r"^sampler: Expecting .*\.$"), told(config().sampler):
        json.loads("{")


def test_in_python_it_is_a_value_error_about_a_parameter(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no weights file .*none\.pth; `weights` takes a path to one\.$"):
        read_weights(tmp_path / "none.pth")
    sentence = said(
        ["backbone=timm", "backbone.name=resnet18", f"backbone.weights={tmp_path}/none.pth"], "backbone"
    )
    assert sentence.endswith("none.pth; backbone.weights takes a path to one.")
