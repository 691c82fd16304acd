"""timm without wandb, which `timm.utils` would import for the log of its training scripts.

A run of ours takes wandb only where it is chosen as a logger: it is slow to import, and has hooks of its own.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _wandb_left_out() -> Iterator[None]:
    """Where nobody has imported wandb yet, an import of it fails within the block, as if it were not installed."""
    if "wandb" in sys.modules:
        yield
        return
    modules: dict[str, object] = sys.modules  # type: ignore[assignment]  # None is how an import is refused
    modules["wandb"] = None
    try:
        yield
    finally:
        del modules["wandb"]


with _wandb_left_out():
    import timm
    from timm.layers import get_graph_node_names  # type: ignore[attr-defined]
    from timm.models import group_parameters
    from timm.optim import (  # type: ignore[attr-defined]
        create_optimizer_v2,
        get_optimizer_class,
        list_optimizers,
    )
    from timm.utils.model import freeze

__all__ = [
    "create_optimizer_v2",
    "freeze",
    "get_graph_node_names",
    "get_optimizer_class",
    "group_parameters",
    "list_optimizers",
    "timm",
]
