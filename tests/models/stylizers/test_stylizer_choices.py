"""The choices of the configuration group `stylizer` are what their schema takes and make what they name."""

from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from pooled_encoder import Pooled
from pydantic import TypeAdapter, ValidationError

from likeness.config.groups import CONF
from likeness.config.make import make
from likeness.config.schema.base import Node
from likeness.config.schema.stylizer import Stylizer

CHOICES = {file.stem: file for file in (CONF / "stylizer").glob("*.yaml")}


def node(choice: str, **changed: Any) -> Node:
    """The choice, with some of its values changed, as its schema takes it."""
    loaded = OmegaConf.merge(OmegaConf.load(CHOICES[choice]), changed)
    taken: Node = TypeAdapter[Any](Stylizer).validate_python(OmegaConf.to_container(loaded))
    return taken


@pytest.mark.parametrize("choice", sorted(CHOICES))
def test_each_choice_is_taken(choice: str) -> None:
    assert node(choice).plain() == OmegaConf.to_container(OmegaConf.load(CHOICES[choice]))


def test_johnson_is_the_network_of_today() -> None:
    network = make(node("johnson"))
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_679_235
    assert network(torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16)


def test_adain_mirrors_the_encoder_that_it_is_handed() -> None:
    encoder = Pooled({"early": (6, 1), "late": (10, 4)}, keep_odd=True)
    decoder = make(node("adain", width=8))(encoder)
    assert decoder(encoder(torch.rand(1, 3, 16, 16))["late"]).shape == (1, 3, 16, 16)


@pytest.mark.parametrize(
    ("choice", "changed"),
    [
        ("johnson", {"normalization": "layer"}),
        ("johnson", {"upsampling": "bilinear"}),
        ("johnson", {"blocks": 0}),
        ("adain", {"width": 0}),
        ("adain", {"blocks": 5}),
    ],
)
def test_what_is_not_there_is_refused(choice: str, changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changed))):
        node(choice, **changed)
