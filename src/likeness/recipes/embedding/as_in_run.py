"""A configuration with the network of a run, and with the parts of it that no override chooses."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from likeness.config.compose import composed
from likeness.config.make import plain
from likeness.config.overrides import touches
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError

NETWORK = ("backbone", "embedder", "head")


def composed_as_in(
    own: EmbeddingConfig, name: str, given: Sequence[Override], parts: Sequence[str]
) -> tuple[dict[str, Any], list[Override]]:
    """The plain configuration `name` under overrides, and those that are still to be applied to it.

    Args:
        own: the run's configuration.
        name: such as `evaluate`.
        given: the overrides.
        parts: what is as in the run where no override chooses it; `data` are those that the run was tested on.

    Raises:
        LikenessError: an override names nothing that there is, or would change the network.
    """
    if taken := [one for one in given if any(touches(one, part) for part in NETWORK)]:
        raise LikenessError(f"{taken[0].input_line} can't be changed: the network is the run's own.")
    kept: list[str] = []  # parts that are the run's own, to which overrides of single keys are applied
    for part in parts:
        chosen = any(one.key_or_group == part for one in given)
        if not chosen and getattr(own, part) is not None:
            kept.append(part)
    later = [one for one in given if any(touches(one, part) for part in kept)]
    size = [f"backbone.{key}={_written(getattr(own.backbone, key))}" for key in ("spatial_size", "channels")]
    now = [str(one.input_line) for one in given if one not in later]
    config = plain(composed(name, [*size, *now]))
    for part in kept:
        node = own.test_data or own.data if part == "data" else getattr(own, part)
        config[part] = node.plain()
    for part in NETWORK:
        node = getattr(own, part)
        config[part] = node and node.plain()
    return config, later


def _written(value: Any) -> str:
    """A number, or a list of numbers, as it is written on a command line."""
    return str(value).replace(" ", "")
