"""Batch-hard triplets from half of the distances are those from all of them, to the bit."""

import pytest
import torch
from torch import Tensor

from likeness.losses import batch_hard_triplet_loss
from likeness.losses.triplet import halves


def labels(kind: str, batch: int, draw: torch.Generator) -> Tensor:
    return {
        "even": torch.arange(batch // 4).repeat_interleave(4)[torch.randperm(batch, generator=draw)],
        "uneven": torch.randint(batch // 5, (batch,), generator=draw),
        "singles": torch.randint(batch, (batch,), generator=draw),
        "two": torch.randint(2, (batch,), generator=draw),
    }[kind]


def embeddings(kind: str, batch: int, draw: torch.Generator) -> Tensor:
    return {
        "random": torch.randn(batch, 16, generator=draw),
        "ties": torch.randint(0, 3, (batch, 4), generator=draw).float(),
        "collapsed": 1 + 1e-6 * torch.randn(batch, 16, generator=draw),
    }[kind]


@pytest.mark.parametrize("identities", ["even", "uneven", "singles", "two"])
@pytest.mark.parametrize("spread", ["random", "ties", "collapsed"])
def test_halves_are_the_whole(identities: str, spread: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(0)
    looked: list[int] = []
    whole = halves.hardest_by_halves
    monkeypatch.setattr(
        "likeness.losses.triplet.mined.hardest_by_halves",
        lambda points, anchors, distance: looked.append(1) or whole(points, anchors, distance),
    )
    for batch in (64, 100, 212):
        embedding, identity = embeddings(spread, batch, draw), labels(identities, batch, draw)
        found = []
        for rows in (10_000, 8):
            monkeypatch.setattr(halves, "ROWS", rows)
            leaf = embedding.clone().requires_grad_()
            output = batch_hard_triplet_loss(leaf, identity, distance="plain")
            output.loss.backward()
            assert leaf.grad is not None
            found.append([*output, leaf.grad])
        for one, other in zip(*found, strict=True):
            assert torch.equal(one, other)
    assert len(looked) == 3  # with few rows, and not with many
