"""Likeness: reproducible training experiments on learned likeness, of faces, of pairs and of images."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from likeness.applications.encoder import TrainedEncoder, load

__all__ = ["TrainedEncoder", "load"]


def __getattr__(name: str) -> Any:
    """What is handed on, imported when it is asked for: the command line does without torch where it can."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from likeness.applications import encoder

    return getattr(encoder, name)
