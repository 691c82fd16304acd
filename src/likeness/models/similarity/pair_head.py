"""What a head is: it compares two embeddings, and its answer is the log odds that they are of one identity."""

from abc import abstractmethod
from typing import Self

import torch
from torch import Tensor, nn

_BLOCK = 64  # pairs that are scored at a time where a head does not know how to score pairs alone


class PairHead(nn.Module):
    """A head on embeddings; a subclass says how all pairs of two sets of embeddings are scored."""

    @abstractmethod
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The log odds `[N, M]`, float32, of all pairs of `first [N, D]` and `second [M, D]`."""

    def of_pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """The log odds `[M]` of the pairs of rows of `first [M, D]` and `second [M, D]`."""
        blocks = zip(torch.split(first, _BLOCK), torch.split(second, _BLOCK), strict=True)
        return torch.cat([self(a, b).diagonal() for a, b in blocks])

    def standardise(self, embeddings: Tensor) -> None:
        """Begin with the scale of the first batch's `embeddings [B, D]`; by default nothing is done."""

    def repeated(self, times: int) -> Self:
        """The head for embeddings `[B, times * D]` of several views of an image, one behind the other.

        Raises:
            ValueError: it can't compare such.
        """
        if times != 1:
            raise ValueError(f"{type(self).__name__} can't compare {times} views of an image at once")
        return self
