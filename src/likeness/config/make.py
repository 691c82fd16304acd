"""Make what a node of the configuration names."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

from likeness.errors import LikenessError


def make(node: DictConfig, **more: Any) -> Any:
    """The object of `node`'s `_target_` and keys, in plain containers, and of the keywords `more`.

    Raises:
        LikenessError: as the target itself raised it, which Hydra would wrap.
    """
    try:
        return instantiate(node, **more, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, LikenessError):
            raise error.__cause__ from None
        raise
