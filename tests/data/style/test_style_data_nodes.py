"""The schema of the data, the files that choose them, and the functions that they call say the same."""

import inspect
from importlib import import_module

import pytest
from omegaconf import OmegaConf
from pydantic import TypeAdapter, ValidationError

from likeness.config.groups import CONF
from likeness.config.schema.style_data import StyleData

NODES = TypeAdapter(StyleData)


def node(name, **changes):
    config = OmegaConf.create(
        {"trainer": {"max_steps": 7}, "data": OmegaConf.load(CONF / "data" / f"{name}.yaml")}
    )
    return {**OmegaConf.to_container(config.data, resolve=True), **changes}


@pytest.mark.parametrize("name", ["style_pictures", "style_folders"])
def test_the_file_fits_the_schema_and_the_function(name):
    config = node(name)
    checked = NODES.validate_python(config)
    module, _, function = config.pop("_target_").rpartition(".")
    assert (
        inspect.signature(getattr(import_module(module), function)).parameters.keys()
        == config.keys() - checked.of_the_recipe
    )


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("style_pictures", {"style": "a.jpg"}),
        (
            "style_pictures",
            {"style": ["a.jpg", "b.jpg"], "style_weights": [1.0, 2], "masks": ["c.png", "d.png"]},
        ),
        ("style_pictures", {"color": "luminance", "portions": [1, 2.5]}),
        ("style_folders", {"contents": "a", "styles": "b.jpg", "test_share": 0.0, "crop": 512}),
    ],
)
def test_what_a_user_may_say(name, changes):
    NODES.validate_python(node(name, **changes))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("style_pictures", {"style": []}),
        ("style_pictures", {"style": 3}),
        ("style_pictures", {"sizes": [16]}),
        ("style_pictures", {"sizes": []}),
        ("style_pictures", {"style_scale": 0.0}),
        ("style_pictures", {"style_weights": [0.0]}),
        ("style_pictures", {"color": "chroma"}),
        ("style_pictures", {"colour": "style"}),
        ("style_folders", {"crop": 513}),
        ("style_folders", {"test_share": 1.0}),
        ("style_folders", {"batch_size": 0}),
    ],
)
def test_what_a_user_may_not_say(name, changes):
    with pytest.raises(ValidationError):
        NODES.validate_python(node(name, **changes))
