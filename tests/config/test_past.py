"""Configurations that earlier versions recorded are read by the keys of today."""

from copy import deepcopy
from typing import Any

import pytest

from likeness.config.past import upgraded

PAST = {
    "seed": 1,
    "backbone": {"_target_": "likeness.models.small_conv.small_conv", "image_size": 64, "channels": 3},
    "data": {"_target_": "likeness.data.celeba.celeba", "image_size": 64, "channels": 3},
    "test_data": {"_target_": "likeness.data.drawn_faces.drawn_faces", "image_size": 64, "channels": 3},
    "embedder": {"_target_": "likeness.models.embedder.Embedder", "turns": 8},
    "episodes": None,
}


def test_keys_have_the_names_of_today_and_drawn_faces_keep_theirs() -> None:
    before = deepcopy(PAST)
    after = upgraded(before)
    assert after["backbone"].keys() == after["data"].keys() == {"_target_", "spatial_size", "channels"}
    assert after["data"]["spatial_size"] == 64
    assert after["test_data"] == PAST["test_data"]
    assert after["embedder"] == {"_target_": "likeness.models.embedder.Embedder", "test_time_augmentation": 8}
    assert (after["seed"], after["episodes"]) == (1, None)
    assert before == PAST
    assert upgraded(after) == after


@pytest.mark.parametrize("part", ["backbone", "data", "test_data", "embedder"])
def test_keys_of_other_people_s_parts_are_their_own(part: str) -> None:
    config: dict[str, Any] = {part: {"_target_": "mine.part", "image_size": 8, "turns": 2}}
    assert upgraded(config) == config
