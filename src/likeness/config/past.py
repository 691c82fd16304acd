"""Configurations of past runs, in the keys of today."""

from typing import Any

_RENAMED: dict[str, dict[str, str]] = {}
"""By part of the configuration, what its keys were called before and are called now."""


def upgraded(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as it was recorded once, with the names that its keys have today."""
    return {
        part: {_RENAMED.get(part, {}).get(key, key): value for key, value in node.items()}
        if isinstance(node, dict)
        else node
        for part, node in config.items()
    }
