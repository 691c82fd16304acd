"""Overrides such as `key=value`, `+key=value`, `++key=value` and `~key`, read by Hydra's own parser."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from likeness.config.key import leaves
from likeness.config.nearest import nearest
from likeness.errors import LikenessError


def parsed(overrides: Sequence[str]) -> list[Override]:
    """The overrides, each with its key or group, its kind and its value.

    Raises:
        LikenessError: one of them can't be read.
    """
    try:
        return list(OverridesParser.create().parse_overrides(list(overrides)))
    except HydraException as error:
        said = " ".join(str(error).split())
        raise LikenessError(f"{' '.join(overrides)} can't be read: {said}") from None


def quoted(text: str) -> str:
    """`text` as the value of an override that is taken literally, but for what stands between ${ and }."""
    return QuotedString(text=text, quote=Quote.single).with_quotes()


def touches(override: Override, key: str) -> bool:
    """Whether an override is about a key, or the group of that name, or something below it."""
    return override.key_or_group == key or override.key_or_group.startswith(f"{key}.")


def overridden(config: dict[str, Any], overrides: Sequence[Override], whose: str) -> dict[str, Any]:
    """A copy of a plain configuration in which the overrides' keys have their values.

    As in Hydra, a key must be there already unless the override begins with `+` or `++`, and `~` takes it out.

    Args:
        config: nested dictionaries.
        overrides: of single keys, not of groups.
        whose: what the configuration is that of, for a message.

    Raises:
        LikenessError: there is no such key.
    """
    changed = deepcopy(config)
    known = {key for key, _ in leaves(config)}
    for override in overrides:
        key = override.key_or_group
        if key not in known and not (override.is_add() or override.is_force_add()):
            raise LikenessError(f"{override.input_line} changes no key of {whose}: {nearest(key, known)}")
        *path, last = key.split(".")
        node = changed
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise LikenessError(f"{override.input_line} changes no key of {whose}: {part} has no keys.")
        if override.is_delete():
            node.pop(last)
        else:
            node[last] = override.value()
    return changed
