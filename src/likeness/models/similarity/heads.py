"""The learned similarity of two embeddings: the log odds that they are of one identity (Taigman et al. 2014)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from likeness.models.similarity.chi2 import chi_squared_terms, weighted_chi_squared
from likeness.models.similarity.l1 import l1_terms, weighted_l1
from likeness.models.similarity.pair_head import PairHead


class Difference(NamedTuple):
    """How two embeddings differ in each dimension, d(f_k, g_k).

    `terms(x [..., D], y [..., D])` are the differences `[..., D]`; `weighted(x [N, D], y [M, D], w [D])` are the sums
    `sum_k w_k d(x_ik, y_jk)` of all pairs, `[N, M]`, with no tensor of pairs times dimensions in between; `signed`
    says whether embeddings may have negative numbers.
    """

    terms: Callable[[Tensor, Tensor], Tensor]
    weighted: Callable[[Tensor, Tensor, Tensor], Tensor]
    signed: bool


class SimilarityHead(PairHead):
    """`sum_k w_k d(f_k, g_k) + b` of embeddings f and g; its sigmoid is the probability that they are of one identity.

    Args:
        difference: d.
        embedding_dim: the number of dimensions D of an embedding.

    All weights begin alike and negative: what differs is less alike from the first step on. `standardise` gives them
    the scale of the embeddings.
    """

    def __init__(self, difference: Difference, embedding_dim: int) -> None:
        super().__init__()
        self.difference = difference
        self.weight = nn.Parameter(torch.full((embedding_dim,), -(embedding_dim**-0.5)))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The log odds `[N, M]` of all pairs of `first [N, D]` and `second [M, D]`, in float32 under any autocast.

        Raises:
            ValueError: the embeddings are of another size than the head, or negative where they must not be.
        """
        self._refuse(first, second)
        with torch.autocast(first.device.type, enabled=False):
            return self.difference.weighted(first.float(), second.float(), self.weight) + self.bias

    @torch.no_grad()
    def standardise(self, encodings: Tensor) -> None:
        """Scale the weights and set the bias so that the log odds of all pairs of `encodings [B, D]` have mean 0 and
        standard deviation 1.

        Learning begins where the sigmoid is steep, whatever the embeddings' scale (Salimans and Kingma 2016, sec. 3).
        """
        once = torch.ones(len(encodings), len(encodings), dtype=torch.bool, device=encodings.device).triu(1)
        odds = self(encodings, encodings)[once]
        deviation = odds.std(correction=0)
        if not deviation > 1e-4 * odds.abs().max():
            return  # one pair, or embeddings that have collapsed, whose scale is nothing but rounding
        self.weight.div_(deviation)
        self.bias.copy_((self.bias - odds.mean()) / deviation)

    @torch.no_grad()
    def repeated(self, times: int) -> "SimilarityHead":
        """The head `[times * D]` that compares embeddings of so many parts one behind the other by its mean log odds on
        them.
        """
        head = SimilarityHead(self.difference, times * len(self.weight)).to(self.weight)
        head.weight.copy_(self.weight.repeat(times) / times)
        head.bias.copy_(self.bias)
        return head

    def of_pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """The log odds `[M]` of the pairs of rows of `first [M, D]` and `second [M, D]`.

        Raises:
            ValueError: the embeddings are of another size than the head, or negative where they must not be.
        """
        self._refuse(first, second)
        with torch.autocast(first.device.type, enabled=False):
            return self.difference.terms(first.float(), second.float()) @ self.weight + self.bias

    def _refuse(self, *encodings: Tensor) -> None:
        for one in encodings:
            if one.ndim != 2 or one.shape[1] != len(self.weight):
                raise ValueError(
                    f"the head takes embeddings [N, {len(self.weight)}], but these are {list(one.shape)}"
                )
            if not self.difference.signed and one.numel() and (least := float(one.detach().min())) < 0:
                raise ValueError(
                    f"the head takes embeddings that are not negative, but one of these has a {least:.3g}; "
                    "an activation (relu, softplus) makes them so"
                )


def absolute_difference(embedding_dim: int) -> SimilarityHead:
    """`sum_k w_k |f_k - g_k| + b` (Taigman et al. 2014; Koch et al. 2015)."""
    return SimilarityHead(Difference(l1_terms, weighted_l1, signed=True), embedding_dim)


def chi_squared(embedding_dim: int) -> SimilarityHead:
    """`sum_k w_k (f_k - g_k)^2 / (f_k + g_k) + b` of embeddings with no negative number (Taigman et al. 2014)."""
    return SimilarityHead(Difference(chi_squared_terms, weighted_chi_squared, signed=False), embedding_dim)
