"""Make what a node of the configuration names."""

from copy import deepcopy
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from likeness.errors import LikenessError


def make(node: DictConfig, **more: Any) -> Any:
    """The object of `node`'s `_target_` and keys, in plain containers, and of the keywords `more`.

    Raises:
        LikenessError: the target's own, which Hydra would wrap, or what the target says to values it can't take.
    """
    try:
        return instantiate(node, **more, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, LikenessError):
            raise error.__cause__ from None
        said = " ".join(str(error.__cause__ or error).split())
        raise LikenessError(f"{node.get('_target_')} refuses its values: {said}") from error


def make_data(node: DictConfig) -> Any:
    """The data that a `data` node names, by those of its keys that are its target's; raises as `make` does."""
    own = deepcopy(node)
    OmegaConf.set_struct(own, False)
    own.pop("hash", None)  # which says how the record lists the files
    return make(own)
