"""Gradients: against finite differences, at the places where formulas break, and through the graph."""

import pytest
import torch
from cases import KINDS, WORDS, as_leaf, people

from likeness import losses


@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_gradcheck(kind, margin, distance):
    embedding, identity = people(3, 3, 4, torch.float64, noise=0.8)

    def loss(x):
        return KINDS[kind](x, identity, margin=margin, distance=distance).loss

    assert torch.autograd.gradcheck(loss, as_leaf(embedding))


@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_collapse_costs_the_margin_and_has_a_finite_gradient(kind, margin, distance, dtype):
    leaf = as_leaf([[0.1, 0.7, -0.3]] * 12, dtype)
    got = KINDS[kind](leaf, torch.arange(12) // 3, margin=margin, distance=distance)
    got.loss.backward()
    if kind in ("semi_hard", "all_semi_hard"):  # no negative is farther than any positive
        assert got.loss == 0
        assert got.triplets == 0
    elif margin == "soft":
        torch.testing.assert_close(got.loss, torch.tensor(2.0, dtype=dtype).log())
    else:
        torch.testing.assert_close(got.loss, torch.tensor(margin, dtype=dtype))
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("kind", KINDS)
def test_no_triplet_is_a_zero_attached_to_the_graph(kind):
    leaf = as_leaf(torch.randn(6, 3))
    got = KINDS[kind](leaf, torch.arange(6))
    got.loss.backward()
    assert got.loss == 0
    assert got.active == 0
    assert (leaf.grad == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_flows_on_through_what_made_the_embedding_and_scales(kind):
    embedding, identity = people(4, 3, 5, noise=1.0)
    layer = torch.nn.Linear(5, 5)
    (3 * KINDS[kind](layer(embedding), identity).loss).backward()
    thrice = layer.weight.grad.clone()
    layer.zero_grad()
    KINDS[kind](layer(embedding), identity).loss.backward()
    assert layer.weight.grad.abs().sum() > 0
    torch.testing.assert_close(thrice, 3 * layer.weight.grad)


def test_no_gradient_is_made_where_none_is_wanted():
    embedding, identity = people(4, 3, 5)
    assert not losses.batch_all_triplet_loss(embedding, identity).loss.requires_grad
    with torch.no_grad():
        assert not losses.batch_all_triplet_loss(as_leaf(embedding), identity).loss.requires_grad
