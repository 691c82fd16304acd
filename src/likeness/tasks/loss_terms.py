"""What a loss gives: a plain number, or a named tuple of a number and of what else is worth watching."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class LossTerms(Protocol):
    """A named tuple with a field `loss`; its other 0-d floating-point fields are logged by their names."""

    @property
    def _fields(self) -> tuple[str, ...]: ...

    @property
    def loss(self) -> Tensor:
        """0-d, differentiable."""
        ...


Loss = Callable[[Tensor, Tensor], Tensor | LossTerms]
"""From embeddings `[B, D]`, or the log odds of pairs `[B, B]`, and identities `[B]` int64 to a loss, 0-d.

A loss that is a module trains its parameters with the network's.
"""


def loss_and_metrics(output: Tensor | LossTerms) -> tuple[Tensor, dict[str, Tensor]]:
    """The number to go down on, and what is logged of a step, detached, by the names of metrics.

    Raises:
        TypeError: a loss gave something else.
    """
    if isinstance(output, Tensor):
        return output, {"train/loss": output.detach()}
    if not isinstance(output, LossTerms):
        raise TypeError(
            f"a loss gives a tensor, or a named tuple with a field loss, not {type(output).__name__}"
        )
    fields = {name: getattr(output, name) for name in output._fields}
    return output.loss, {
        f"train/{name}": value.detach()
        for name, value in fields.items()
        if isinstance(value, Tensor) and value.ndim == 0 and value.is_floating_point()
    }
