"""What each library brings to the benchmark: an objective of an image, and its own optimiser at work on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from networks import Weights
from torch import Tensor

STYLE_WEIGHT = 1e6  # beside a content weight of 1, as the tutorial has it; each style layer counts the same


@dataclass(frozen=True)
class Scene:
    """The images, RGB in [0, 1], [1, 3, H, W]; `start` is where the optimiser begins."""

    content: Tensor
    style: Tensor
    start: Tensor


@dataclass(frozen=True)
class Contender:
    """`step` is one evaluation of the closure and the optimiser's own work after it.

    `closure` computes the objective and its gradient; `image` and `gradient` are in RGB in [0, 1], [1, 3, H, W].
    """

    step: Callable[[], Any]
    closure: Callable[[], Any]
    image: Callable[[], Tensor]
    gradient: Callable[[], Tensor]


class Make(Protocol):
    """Builds a contender: its targets are computed, nothing is optimised yet."""

    def __call__(self, network: str, weights: Weights, scene: Scene) -> Contender: ...
