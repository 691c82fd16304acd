"""The same losses from three libraries, each as a function of embeddings and labels.

Settings are those that make the definitions the same: plain or squared Euclidean distance of the embeddings
as they are, margin 0.2, and each library's own way of averaging that is equal to ours.
"""

from collections.abc import Callable

from oml.losses.triplet import TripletLossWithMiner
from oml.miners.inbatch_hard_tri import HardTripletsMiner
from pytorch_metric_learning import distances, miners, reducers
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import Tensor

from likeness import losses

OURS, PML, OML = "likeness", "pytorch-metric-learning", "open-metric-learning"
MARGIN = 0.2

Loss = Callable[[Tensor, Tensor], Tensor]


def _euclidean(power: int) -> distances.LpDistance:
    return distances.LpDistance(normalize_embeddings=False, p=2, power=power)


def _ours(module: Callable[[Tensor, Tensor], losses.TripletOutput]) -> Loss:
    return lambda embedding, identity: module(embedding, identity).loss


def _pml(loss: TripletMarginLoss, miner: miners.BaseMiner | None) -> Loss:
    return lambda embedding, identity: loss(embedding, identity, miner and miner(embedding, identity))


def _oml(loss: TripletLossWithMiner) -> Loss:
    return lambda embedding, identity: loss(embedding, identity.tolist())


def batch_hard() -> dict[str, Loss]:
    """Plain distance, the only one that all three have."""
    return {
        OURS: _ours(losses.BatchHardTripletLoss(MARGIN, "plain")),
        PML: _pml(
            TripletMarginLoss(MARGIN, distance=_euclidean(1), reducer=reducers.MeanReducer()),
            miners.BatchHardMiner(distance=_euclidean(1)),
        ),
        OML: _oml(TripletLossWithMiner(MARGIN, HardTripletsMiner())),
    }


def batch_hard_squared() -> dict[str, Loss]:
    return {
        OURS: _ours(losses.BatchHardTripletLoss(MARGIN, "squared")),
        PML: _pml(
            TripletMarginLoss(MARGIN, distance=_euclidean(2), reducer=reducers.MeanReducer()),
            miners.BatchHardMiner(distance=_euclidean(2)),
        ),
    }


def batch_all() -> dict[str, Loss]:
    """Averaged over the triplets with a loss above 0, in both libraries."""
    return {
        OURS: _ours(losses.BatchAllTripletLoss(MARGIN, "squared")),
        PML: _pml(TripletMarginLoss(MARGIN, distance=_euclidean(2)), None),
    }


def all_semi_hard() -> dict[str, Loss]:
    """Every semi-hard triplet, which is what the peer's miner of that name lists."""
    return {
        OURS: _ours(losses.AllSemiHardTripletLoss(MARGIN, "squared")),
        PML: _pml(
            TripletMarginLoss(MARGIN, distance=_euclidean(2)),
            miners.TripletMarginMiner(MARGIN, "semihard", distance=_euclidean(2)),
        ),
    }
