"""Losses of pytorch-metric-learning (Musgrave et al. 2020), each with any of its miners, as losses of ours."""

import inspect
from typing import Any

from torch import Tensor, nn

from .precision import full_precision, in_working_precision

CLASSES = ("num_classes",)
DIMENSIONS = ("embedding_size", "descriptors_dim")
"""What the library's losses call the number of classes, and the number of dimensions of an embedding."""


class PmlLoss(nn.Module):
    """A loss of pytorch-metric-learning on what a miner of it chooses, in float32 under any autocast.

    A loss that needs the numbers of classes and dimensions, as ArcFace does for its class centres, is handed them by
    its own names for them; its weights are trained with the network.

    Args:
        name: the class, such as `MultiSimilarityLoss`.
        classes: the number of identities that are trained on.
        embedding_dim: the number of dimensions D of an embedding.
        miner: from embeddings and labels to the pairs or triplets that count; None for all.
        options: keywords of the class.
    """

    def __init__(
        self, name: str, classes: int, embedding_dim: int, miner: nn.Module | None = None, **options: Any
    ) -> None:
        super().__init__()
        from pytorch_metric_learning import losses

        made: type[nn.Module] = getattr(losses, name)
        own = [vars(base)["__init__"] for base in made.__mro__ if "__init__" in vars(base)]
        parameters = [
            one for initialiser in own for one in inspect.signature(initialiser).parameters.values()
        ]
        needed = {one.name for one in parameters if one.default is inspect.Parameter.empty}
        sizes = {key: classes for key in CLASSES if key in needed}
        sizes |= {key: embedding_dim for key in DIMENSIONS if key in needed}
        self.loss = made(**sizes, **options)
        self.miner = miner

    def forward(self, embedding: Tensor, identity: Tensor) -> Tensor:
        """The loss, 0-d, of `embedding [B, D]` and `identity [B]` integers."""
        rows = in_working_precision(embedding)
        with full_precision(rows.device):
            chosen = None if self.miner is None else self.miner(rows, identity)
            value: Tensor = self.loss(rows, identity, chosen)
        return value


def pml_miner(name: str, **options: Any) -> nn.Module:
    """The miner of pytorch-metric-learning of that name."""
    from pytorch_metric_learning import miners

    miner: nn.Module = getattr(miners, name)(**options)
    return miner
