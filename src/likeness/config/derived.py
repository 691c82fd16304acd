"""Keys that take their value from another: what is wrong with it is told by the key that the user gave."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from likeness.config.key import leaves
from likeness.errors import LikenessError

_WHOLE = re.compile(r"\$\{([\w.]+)\}")


@contextmanager
def told_by_source(config: DictConfig) -> Iterator[None]:
    """Say by the keys that they come from what is said, in the block, of keys that `config` derives.

    Raises:
        LikenessError: for one that begins with a derived key.
    """
    try:
        yield
    except LikenessError as error:
        sources = sources_of(config)
        said = re.sub(r"^[\w.]+\w(?=[=: ])", lambda key: sources.get(key[0], key[0]), str(error))
        raise LikenessError(said) from error.__cause__


def sources_of(config: DictConfig) -> dict[str, str]:
    """The keys whose whole value is another key's, each with the one that stands at the end of the chain."""
    written = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=False))
    taken = {key: found[1] for key, value in leaves(written) if (found := _WHOLE.fullmatch(str(value)))}
    sources = {}
    for key, source in taken.items():
        for _ in taken:  # a circle was refused before
            source = taken.get(source, source)
        sources[key] = source
    return sources
