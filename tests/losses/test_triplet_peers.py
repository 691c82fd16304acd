"""Agreement with pytorch-metric-learning, wherever the definitions are the same."""

import pytest
import torch
from cases import as_leaf, people

from likeness import losses

pytest.importorskip("pytorch_metric_learning")
from pytorch_metric_learning import distances, miners, reducers
from pytorch_metric_learning.losses import TripletMarginLoss


def _peer(embedding, identity, margin, distance, miner, reducer):
    leaf = as_leaf(embedding)
    metric = distances.LpDistance(normalize_embeddings=False, power=2 if distance == "squared" else 1)
    soft = margin == "soft"
    loss = TripletMarginLoss(
        margin=0 if soft else margin, smooth_loss=soft, distance=metric, reducer=reducer()
    )
    value = loss(leaf, identity, miner(metric)(leaf, identity) if miner else None)
    value.backward()
    return value.detach(), leaf.grad


def _ours(function, embedding, identity, margin, distance):
    leaf = as_leaf(embedding)
    value = function(leaf, identity, margin=margin, distance=distance).loss
    value.backward()
    return value.detach(), leaf.grad


@pytest.mark.parametrize("distance", ["squared", "plain"])
@pytest.mark.parametrize("margin", [0.2, 1.0, "soft"])
def test_batch_hard(margin, distance):
    embedding, identity = people(12, 4, 16, torch.float64, noise=1.0)
    torch.testing.assert_close(
        _ours(losses.batch_hard_triplet_loss, embedding, identity, margin, distance),
        _peer(
            embedding,
            identity,
            margin,
            distance,
            lambda metric: miners.BatchHardMiner(distance=metric),
            reducers.MeanReducer,
        ),
    )


@pytest.mark.parametrize("distance", ["squared", "plain"])
@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_batch_all(margin, distance):
    embedding, identity = people(12, 4, 16, torch.float64, noise=1.0)
    torch.testing.assert_close(
        _ours(losses.batch_all_triplet_loss, embedding, identity, margin, distance),
        _peer(embedding, identity, margin, distance, None, reducers.AvgNonZeroReducer),
    )


@pytest.mark.parametrize("distance", ["squared", "plain"])
@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_all_semi_hard(margin, distance):
    embedding, identity = people(12, 4, 16, torch.float64, noise=1.0)
    torch.testing.assert_close(
        _ours(losses.all_semi_hard_triplet_loss, embedding, identity, margin, distance),
        _peer(
            embedding,
            identity,
            margin,
            distance,
            lambda metric: miners.TripletMarginMiner(margin, "semihard", distance=metric),
            reducers.AvgNonZeroReducer,
        ),
    )
