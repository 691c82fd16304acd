"""A head's comparison of embeddings, as evaluation takes it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.comparison import Comparison, RowDistances
from likeness.models.similarity import PairHead

_BLOCK_VALUES = 1 << 22  # of embeddings held at a time: 16 MiB


def by_head(head: PairHead) -> Comparison:
    """Minus the log odds that two embeddings are of one identity, so that smaller is more alike."""
    weights = [*head.parameters()]
    device = weights[0].device if weights else torch.device("cpu")

    def rows_of(embeddings: ArrayLike) -> torch.Tensor:
        return torch.as_tensor(np.asarray(embeddings), dtype=torch.float32, device=device)

    def pairs(embeddings: ArrayLike, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
        rows = rows_of(embeddings)
        step = max(1, _BLOCK_VALUES // rows.shape[1])
        chosen = [
            torch.split(torch.as_tensor(np.asarray(side), device=device), step) for side in (first, second)
        ]
        with torch.inference_mode():
            odds = [head.of_pairs(rows[i], rows[j]) for i, j in zip(*chosen, strict=True)]
        return -_array(torch.cat(odds))

    def rows(embeddings: ArrayLike) -> RowDistances:
        everyone = rows_of(embeddings)

        def distances(chosen: NDArray[np.int64]) -> NDArray[np.float64]:
            with torch.inference_mode():
                return -_array(head(everyone[torch.as_tensor(chosen, device=device)], everyone))

        return distances

    return Comparison(pairs, rows, "minus the log odds that it is one identity")


def _array(odds: torch.Tensor) -> NDArray[Any]:
    return odds.double().cpu().numpy()
