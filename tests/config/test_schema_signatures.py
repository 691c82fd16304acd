"""Each node of the schema is held to the signature of what it calls: fields, defaults and the values to choose from."""

import inspect
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hydra.utils import get_object
from pydantic_core import PydanticUndefined

import likeness.recipes.choose  # noqa: F401  # with which every schema is known
from likeness.config.schema.base import Node, allowed
from likeness.config.schema.networks import OfAnyRank
from likeness.config.signature import parameters_of

NODES = {
    target: node
    for target, node in allowed().items()
    # these take any keys, which are checked against the library's own signatures; trackers are handed their run
    if not target.startswith(("likeness.losses.metric_learning", "likeness.tasks.optimizers.named"))
}
HANDED = {
    "likeness.data.blufr": {"samples"},
    "likeness.evaluation.identification": {"identity", "seed"},
    "likeness.losses": {"classes", "embedding_dim"},
    "likeness.tasks": {"embedder", "head", "loss", "optimizer", "scheduler", "network", "objective", "image"}
    | {"style_weights", "styles", "encoder", "stylizer"},
    "likeness.models.detectors.tiny_faces": {"templates"},
    "likeness.recipes.open_set": {"seed"},
    "likeness.models.embedder": {"backbone"},
    "likeness.models.similarity": {"embedding_dim"},
    "likeness.models.features": {"layers"},
    "likeness.models.stylizers": {"encoder"},
    "likeness.runs.trackers": {"run"},
    "torch.optim.lr_scheduler": {"optimizer"},
    "torch.optim": {"params"},
}
"""By the beginning of a target what it is handed where it is made, so that no key gives it."""

FITTED = {
    "mean",
    "std",
}  # null until the recipe has those of the training data, so that no network is handed null
OF_THE_RECIPE = {"metric"}  # of a pruner: which of a run's metrics it is told


def handed(target: str) -> set[str]:
    return next((names for start, names in HANDED.items() if target.startswith(start)), set())


def fields_of(node: type[Node]) -> dict[str, Any]:
    left_out = {"_target_", "_partial_", *node.of_the_recipe, *OF_THE_RECIPE}
    fields = {field.alias or name: field for name, field in node.model_fields.items()}
    return {name: field for name, field in fields.items() if name not in left_out}


def test_there_are_many() -> None:
    assert len(NODES) > 45


@pytest.mark.parametrize("target", NODES)
def test_every_key_is_a_parameter_and_nothing_is_missing(target: str) -> None:
    known = parameters_of(get_object(target))
    keys = fields_of(NODES[target])
    assert set(keys) <= set(known)
    needed = {name for name, one in known.items() if one.default is inspect.Parameter.empty}
    assert needed - set(keys) <= handed(target)


@pytest.mark.parametrize("target", NODES)
def test_a_default_is_the_target_s(target: str) -> None:
    known = parameters_of(get_object(target))
    for name, field in fields_of(NODES[target]).items():
        default = known[name].default
        if field.default is PydanticUndefined or default is inspect.Parameter.empty:
            continue
        if target.endswith(".ColorJitter") and (field.default, default) == (0, None):
            continue  # torchvision's None is no jitter, as is 0
        ours = list(field.default) if isinstance(field.default, list | tuple) else field.default
        assert ours == (list(default) if isinstance(default, list | tuple) else default), name


@pytest.mark.parametrize("target", [target for target in NODES if target.startswith("likeness.")])
def test_words_to_choose_from_and_what_may_be_null_are_the_target_s(target: str) -> None:
    called: Callable[..., Any] = get_object(target)
    hints = get_type_hints(called.__init__ if inspect.isclass(called) else called)
    for name, field in fields_of(NODES[target]).items():
        if name not in hints:
            continue
        ours, theirs = choices(field.annotation), choices(hints[name])
        if theirs:
            assert ours == theirs, name
        if not (name in FITTED and issubclass(NODES[target], OfAnyRank)):
            assert (NoneType in get_args(field.annotation)) <= (NoneType in members(hints[name])), name


def members(hint: Any) -> set[Any]:
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}


def choices(hint: Any) -> set[Any]:
    """The literals that a hint allows, wherever in a union they stand."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {value for part in get_args(hint) for value in choices(part)}
