"""Check a composed configuration against the schema, and say what is wrong in one sentence."""

from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from likeness.config.key import leaves
from likeness.config.nearest import nearest
from likeness.config.schema import (
    data,
    features,
    losses,
    networks,
    style_data,
    style_losses,
    style_tasks,
    stylizers,
    sweep,
    training,
)
from likeness.config.schema.base import Node
from likeness.config.schema.runs import TrainConfig, training_schema
from likeness.config.schema.sweep import Sweep
from likeness.errors import LikenessError

Config = TypeVar("Config", bound=Node)


def target_of(node: type[Node]) -> str | None:
    """The `_target_` that a node's schema stands for, or None where it has none."""
    field = node.model_fields.get("target")
    return get_args(field.annotation)[0] if field else None


ALLOWED: dict[str, type[Node]] = {
    target: node
    for module in (
        networks,
        features,
        losses,
        style_losses,
        data,
        style_data,
        training,
        style_tasks,
        stylizers,
        sweep,
    )
    for node in vars(module).values()
    if isinstance(node, type) and issubclass(node, Node) and (target := target_of(node))
}


def check(config: dict[str, Any], schema: type[Config]) -> Config:
    """The configuration as `schema` sees it.

    Raises:
        LikenessError: the first mistake, with the key's dotted name and the nearest known one.
    """
    try:
        checked = schema.model_validate(config)
    except ValidationError as error:
        raise LikenessError(_sentence(error.errors()[0], schema)) from None
    for key, value in leaves(config):
        if value == "???":  # a string to the schema
            raise LikenessError(f"The key {key} has no value; give it one with {key}=VALUE.")
    return checked


def check_training(config: dict[str, Any]) -> TrainConfig:
    """The configuration of a training run as its schema sees it; raises as `check` does."""
    return check(config, training_schema(config))


def sweep_of(config: dict[str, Any]) -> Sweep:
    """The sweep that a training run's configuration describes, with its objectives; raises as `check` does."""
    sweep = check(config.get("sweep") or {}, Sweep)
    return sweep.model_copy(update={"objectives": sweep.objectives or [training_schema(config).objective]})


def _sentence(error: ErrorDetails, schema: type[Node]) -> str:
    location = [str(part) for part in error["loc"]]
    dotted = ".".join(part for part in location if part not in ALLOWED and not _names_a_type(part))
    match error["type"]:
        case "extra_forbidden":
            parent = _schema_at(location[:-1], schema)
            known = {field.alias or name for name, field in parent.model_fields.items()}
            return f"Unknown key {dotted}: {nearest(location[-1], known)}"
        case "missing":
            return f"The key {dotted} has no value; give it one with {dotted}=VALUE."
        case "union_tag_invalid" | "union_tag_not_found":
            target = error["input"].get("_target_") if isinstance(error["input"], dict) else error["input"]
            expected = [word.strip(" '") for word in error.get("ctx", {}).get("expected_tags", "").split(",")]
            hint = f" {nearest(str(target), expected)}" if expected != [""] else ""
            return f"{dotted}._target_={target} is not on the list of what a configuration may call;{hint}"
        case "string_too_short":
            return f"{dotted} is empty; give it a value with {dotted}=VALUE."
        case "value_error":
            prefix = f"{dotted}={error['input']}: " if dotted and not isinstance(error["input"], dict) else ""
            return f"{prefix}{error['msg'].removeprefix('Value error, ')}."
        case "literal_error":
            words = [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]
            return f"{dotted}={error['input']} is not a known value; {nearest(str(error['input']), words)}"
        case _:
            return f"{dotted}={error['input']} won't do: {error['msg'].removeprefix('Input ')}."


def _names_a_type(part: str) -> bool:
    """Whether pydantic put `part` into a location to name a branch of a union such as `float | Literal["soft"]`."""
    return part.startswith(("constrained-", "literal[", "list[")) or part in {"float", "int", "str", "bool"}


def _schema_at(location: list[str], schema: type[Node]) -> type[Node]:
    """The schema of the node at a location of pydantic's, in which a union's choice is named by its target."""
    for part in location:
        if part in ALLOWED:
            schema = ALLOWED[part]
        elif part in schema.model_fields:
            schema = _node_in(schema.model_fields[part].annotation) or schema
    return schema


def _node_in(annotation: Any) -> type[Node] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Node) else None
    return next(filter(None, map(_node_in, get_args(annotation))), None)
