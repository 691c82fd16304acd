"""Configurations of past runs, in the keys of today."""

from typing import Any

_SIZE = {"image_size": "spatial_size"}
_RENAMED = {
    "backbone": _SIZE,
    "data": _SIZE,
    "test_data": _SIZE,
    "embedder": {"turns": "test_time_augmentation"},
}
"""By part of the configuration, what its keys were called before and are called now."""

_UNCHANGED = "likeness.data.drawn_faces.drawn_faces"
"""A part of ours whose keys are what they were."""


def upgraded(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as it was recorded once, with the names that its keys have today."""
    return {part: _upgraded(node, _RENAMED.get(part, {})) for part, node in config.items()}


def _upgraded(node: Any, renamed: dict[str, str]) -> Any:
    if not isinstance(node, dict):
        return node
    target = str(node.get("_target_"))
    ours = (
        target.startswith("likeness.") and target != _UNCHANGED
    )  # the keys of other people's parts are their own
    if not ours:
        return node
    return {renamed.get(key, key): value for key, value in node.items()}
