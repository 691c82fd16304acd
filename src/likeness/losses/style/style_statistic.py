"""What a statistic of style is, and what one is that can be summed up over parts of an image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class StyleStatistic(Protocol):
    """A statistic of features `[B, C, *spatial]` that stands for style."""

    @property
    def additive(self) -> bool:
        """Whether it follows from sums over positions, as an `AdditiveStatistic` does."""

    def describe(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """What is kept of a style image's features, `[B, C, ...]`; computed once."""

    def cost(self, features: Tensor, described: Tensor, mask: Tensor | None = None) -> Tensor:
        """How far features are from what was `described`: 0-d float32, the mean over the batch.

        `described` has B = 1 or the features' B; a `mask [B or 1, 1, *spatial]` in [0, 1] limits the features.
        """


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over positions; those of two parts of an image add up to those of both.

    `values [B, ...]`; `weight [B]`, the number of positions or their mask's weight.
    """

    values: Tensor
    weight: Tensor

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.values + other.values, self.weight + other.weight)


class AdditiveStatistic(ABC):
    """A statistic that follows from sums over positions, so that an image can be taken in parts, exactly."""

    additive = True

    @abstractmethod
    def sums(self, features: Tensor, mask: Tensor | None = None) -> Sums:
        """The sums over the positions of features `[B, C, *spatial]`, with a mask as in `cost`."""

    @abstractmethod
    def description(self, sums: Sums) -> Tensor:
        """What is kept of a style image, `[B, C, ...]`, by its sums."""

    @abstractmethod
    def cost_of_sums(self, sums: Sums, described: Tensor) -> Tensor:
        """How far an image with these sums is from what was `described`: 0-d float32, the mean over the batch."""

    def describe(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `StyleStatistic`."""
        return self.description(self.sums(features, mask))

    def cost(self, features: Tensor, described: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `StyleStatistic`."""
        return self.cost_of_sums(self.sums(features, mask), described)
