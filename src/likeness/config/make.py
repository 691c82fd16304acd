"""Make what a node of the configuration names, and the configuration in plain containers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from likeness.config.schema.base import Node
from likeness.config.signature import parameters_of
from likeness.errors import LikenessError, ended, one_line


def make(node: Node, **more: Any) -> Any:
    """The object of `node`'s `_target_` and keys, in plain containers, and of the keywords `more`.

    Raises:
        LikenessError: the target's own, which Hydra would wrap, or what the target says to values it can't take.
    """
    values = {key: value for key, value in node.plain().items() if key not in node.of_the_recipe}
    try:
        return instantiate(values, **more, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, LikenessError):
            raise error.__cause__ from None
        raise LikenessError(_said_of(node, error.__cause__ or error)) from error


@contextmanager
def told(node: Node) -> Iterator[None]:
    """Say by the keys of `node` what is said, in the block, of values that came from it.

    What reads data and builds networks speaks of its own parameters: `name`, or name=VALUE. Here they become keys.

    Raises:
        LikenessError: for a ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise LikenessError(_said_of(node, error)) from error


def _said_of(node: Node, error: BaseException) -> str:
    said = ended(one_line(error))
    place, target = node.place, node.plain().get("_target_")
    mentioned = 0
    if place:
        keys = "|".join(field.alias or name for name, field in type(node).model_fields.items())
        said, mentioned = re.subn(
            rf"`({keys})`|(?<![\w./@-])({keys})(?==)", lambda key: f"{place}.{key[1] or key[2]}", said
        )
    if target is not None and not (isinstance(error, ValueError) and _is_ours(error)):
        return f"{f'{place}._target_=' if place else ''}{target} refuses its values: {said}"
    return said if mentioned or not place else f"{place}: {said}"


def _is_ours(error: BaseException) -> bool:
    """Whether code of this project raised `error`, and not that of a library or of somebody else's part."""
    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_globals["__name__"]).startswith("likeness.")


def make_with(node: Node, **offered: Any) -> Any:
    """As `make`, with those of the keywords `offered` that the node's target asks for."""
    return make(node, **{name: value for name, value in offered.items() if asks_for(node, name)})


def asks_for(node: Node, name: str) -> bool:
    """Whether the node's target has a parameter of a name that the node gives no value."""
    values = node.plain()
    return name in parameters_of(get_object(values["_target_"])) and values.get(name) is None


def plain(config: DictConfig) -> dict[str, Any]:
    """`config`, resolved, as dictionaries, lists, numbers and strings."""
    container: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    return container
