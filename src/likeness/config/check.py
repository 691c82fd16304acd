"""Check a composed configuration against the schema, and say what is wrong in one sentence."""

from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from likeness.config.key import leaves
from likeness.config.nearest import nearest
from likeness.config.schema.base import MISSING, Node, allowed
from likeness.config.secret_values import refuse_secrets
from likeness.config.signature import NoValue
from likeness.errors import LikenessError, ended

Config = TypeVar("Config", bound=Node)


def check(config: dict[str, Any], schema: type[Config]) -> Config:
    """The configuration as `schema` sees it; parts of the packages in its own `trust` are taken.

    Raises:
        LikenessError: the first mistake, with the key's dotted name and the nearest known one; or an interpolation that
            was escaped, so that it would be resolved only later; or a secret.
    """
    trust = config.get("trust") or ()
    refuse_secrets(config)
    for key, value in leaves(config):
        if "${" in str(value):  # resolved again where a part is made, it could name anything to be called
            raise LikenessError(f"{key}={value} can't be taken as it is: a value has no ${{ in it.")
    try:
        checked = schema.model_validate(config, context={"trust": trust})
    except ValidationError as error:
        raise LikenessError(_sentence(error.errors()[0], schema)) from None
    for key, value in leaves(config):
        if value == MISSING:  # a string to the schema
            raise LikenessError(f"The key {key} has no value; give it one with {key}=VALUE.")
    checked.put_at("")
    return checked


def _sentence(error: ErrorDetails, schema: type[Node]) -> str:
    location = [str(part) for part in error["loc"]]
    known_targets = allowed()
    dotted = ".".join(part for part in location if part not in known_targets and not _names_a_type(part))
    match error["type"]:
        case "extra_forbidden":
            parent = _schema_at(location[:-1], schema)
            known = {field.alias or name for name, field in parent.model_fields.items()}
            return f"Unknown key {dotted}: {nearest(location[-1], known)}"
        case _ if error["type"] == "missing" or error["input"] == MISSING:
            return f"The key {dotted} has no value; give it one with {dotted}=VALUE."
        case "union_tag_not_found":
            return f"The key {dotted}._target_ has no value; give it one with {dotted}._target_=VALUE."
        case "union_tag_invalid":
            target = error["input"].get("_target_") if isinstance(error["input"], dict) else error["input"]
            return _not_on_the_list(
                f"{dotted}._target_", target, error.get("ctx", {}).get("expected_tags", "")
            )
        case "string_too_short":
            return f"{dotted} is empty; give it a value with {dotted}=VALUE."
        case "value_error":
            prefix = f"{dotted}={error['input']}: " if dotted and not isinstance(error["input"], dict) else ""
            said = error["msg"].removeprefix("Value error, ")
            raised = error["ctx"]["error"]
            return ended(
                f"{prefix}{said}{_how_to_give(raised, dotted) if isinstance(raised, NoValue) else ''}"
            )
        case "list_type" if isinstance(error["input"], str):
            return f"{dotted}={error['input']} is no list: write {dotted}=[{error['input']}]."
        case "literal_error" if location[-1] == "_target_":
            return _not_on_the_list(dotted, error["input"], error["ctx"]["expected"].replace(" or ", ","))
        case "literal_error":
            words = [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]
            return f"{dotted}={error['input']} is not a known value; {nearest(str(error['input']), words)}"
        case _:
            return f"{dotted}={error['input']} won't do: {error['msg'].removeprefix('Input ')}."


def _how_to_give(missing: NoValue, node: str) -> str:
    """What to add to the command line where a part of somebody else's lacks a value."""
    later = f", or +{node}._partial_=true if it is called with that" if missing.called else ""
    return f"; add +{node}.{missing.parameter}=VALUE{later}"


def _not_on_the_list(key: str, target: Any, listed: str) -> str:
    """That a `_target_` is none of those `listed`, with the nearest of them and what to do if it is the user's own."""
    known = [word.strip(" '") for word in listed.split(",")]
    hint = f" {nearest(str(target), known)}" if known != [""] else ""
    package = str(target).partition(".")[0]
    own = (
        f" If {package} is yours, or you know its code: trust=[{package}]."
        if "." in str(target)
        else f" A part of yours is named with its module: {key}=MODULE.NAME."
    )
    return f"{key}={target} is not on the list of what a configuration may call;{hint}{own}"


def _names_a_type(part: str) -> bool:
    """Whether pydantic put `part` into a location to name a branch of a union such as `float | Literal["soft"]`."""
    return part.startswith(("constrained-", "literal[", "list[", "function-")) or part in {
        "float",
        "int",
        "str",
        "bool",
    }


def _schema_at(location: list[str], schema: type[Node]) -> type[Node]:
    """The schema of the node at a location of pydantic's, in which a union's choice is named by its target."""
    known_targets = allowed()
    for part in location:
        if part in known_targets:
            schema = known_targets[part]
        elif part in schema.model_fields:
            schema = _node_in(schema.model_fields[part].annotation) or schema
    return schema


def _node_in(annotation: Any) -> type[Node] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Node) else None
    return next(filter(None, map(_node_in, get_args(annotation))), None)
