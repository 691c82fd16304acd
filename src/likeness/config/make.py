"""Make what a node of the configuration names, and the configuration in plain containers."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from likeness.config.schema.base import Node
from likeness.config.signature import parameters_of
from likeness.errors import LikenessError


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
        said = " ".join(str(error.__cause__ or error).split())
        raise LikenessError(f"{values.get('_target_')} refuses its values: {said}") from error


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
