"""What holds for every batch: order does not matter, NaN is not hidden, nonsense is refused."""

import pytest
import torch
from cases import KINDS, WORDS, as_leaf, people

from likeness import losses


@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_order_does_not_matter(kind, margin, distance):
    embedding, identity = people(6, 4, 8, torch.float64, noise=1.0)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1))
    first, second = as_leaf(embedding), as_leaf(embedding[order])
    a = KINDS[kind](first, identity, margin=margin, distance=distance)
    b = KINDS[kind](second, identity[order] * 7 - 3, margin=margin, distance=distance)
    a.loss.backward()
    b.loss.backward()
    torch.testing.assert_close(torch.stack([v.double() for v in a]), torch.stack([v.double() for v in b]))
    torch.testing.assert_close(first.grad[order], second.grad)


def test_ties_go_to_the_lowest_index():
    """Anchor 0 at the origin; positives 1, 2 and negatives 3, 4 each at equal distances, nearest 2 apart."""
    embedding = [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]]
    leaf = as_leaf(embedding)
    got = losses.batch_hard_triplet_loss(leaf, torch.tensor([0, 0, 0, 1, 2]), margin=10.0)
    got.loss.backward()
    # Anchors 0, 1, 2 mine (1, 3), (2, 3), (1, 3): nothing ever touches 4.
    assert got.triplets == 3
    assert (leaf.grad[4] == 0).all()
    assert (leaf.grad[3] != 0).any()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_nan_is_not_hidden(kind, margin, distance, value):
    embedding, identity = people(6, 4, 8, torch.float64)
    embedding[5, 2] = value
    leaf = as_leaf(embedding)
    loss = KINDS[kind](leaf, identity, margin=margin, distance=distance).loss
    loss.backward()
    assert loss.isnan()
    assert leaf.grad.isnan().all()


MODULES = {
    losses.BatchHardTripletLoss: (losses.batch_hard_triplet_loss, "valid"),
    losses.SemiHardTripletLoss: (losses.semi_hard_triplet_loss, "valid"),
    losses.AllSemiHardTripletLoss: (losses.all_semi_hard_triplet_loss, "active"),
    losses.BatchAllTripletLoss: (losses.batch_all_triplet_loss, "active"),
}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_its_words(module):
    function, average = MODULES[module]
    embedding, identity = people(6, 4, 8, noise=1.0)
    default = function(embedding, identity, margin=0.2, distance="squared", average=average)
    assert all(torch.equal(a, b) for a, b in zip(module()(embedding, identity), default, strict=True))
    words = {"margin": 0.7, "distance": "plain", "average": "active"}
    wanted = function(embedding, identity, **words)
    assert all(torch.equal(a, b) for a, b in zip(module(**words)(embedding, identity), wanted, strict=True))
    assert "margin=0.7, distance='plain', average='active'" in repr(module(**words))


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"margin": -0.1}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"margin": "hard"}, "margin"),
        ({"margin": True}, "margin"),
        ({"distance": "cosine"}, "distance"),
        ({"average": "mean"}, "average"),
    ],
)
def test_words_without_a_meaning_are_refused_at_once(module, words, named):
    with pytest.raises(ValueError, match=named):
        module(**words)


def test_all_semi_hard_refuses_a_soft_margin():
    with pytest.raises(ValueError, match="numeric margin"):
        losses.AllSemiHardTripletLoss(margin="soft")
    with pytest.raises(ValueError, match="numeric margin"):
        losses.all_semi_hard_triplet_loss(torch.zeros(2, 2), torch.zeros(2, dtype=torch.int64), margin="soft")


@pytest.mark.parametrize(
    ("embedding", "identity", "named"),
    [
        (torch.zeros(4), torch.zeros(4, dtype=torch.int64), "embedding"),
        (torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), "embedding"),
        (torch.zeros(4, 3, dtype=torch.int64), torch.zeros(4, dtype=torch.int64), "embedding"),
        (torch.zeros(4, 3), torch.zeros(4), "identity"),
        (torch.zeros(4, 3), torch.zeros(3, dtype=torch.int64), "identity"),
        (torch.zeros(4, 3), torch.zeros(4, 1, dtype=torch.int64), "identity"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_tensors_of_a_wrong_shape_or_type_are_refused(kind, embedding, identity, named):
    with pytest.raises(ValueError, match=named):
        KINDS[kind](embedding, identity)
