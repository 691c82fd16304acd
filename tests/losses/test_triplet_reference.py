"""Loss, gradient and figures against three plain loops in float64."""

import numpy as np
import pytest
import torch
from cases import CASES, KINDS, WORDS, as_leaf
from triplet_reference import reference

from likeness.losses.triplet import frame


def _compare(kind, embedding, identity, margin, distance, average):
    wanted = reference(kind, embedding, identity, margin, distance, average)
    leaf = as_leaf(embedding)
    got = KINDS[kind](leaf, torch.tensor(identity), margin=margin, distance=distance, average=average)
    got.loss.backward()
    assert abs(got.loss.item() - wanted.loss) < 1e-9
    np.testing.assert_allclose(leaf.grad.numpy(), wanted.gradient, rtol=0, atol=1e-9)
    assert got.triplets.item() == wanted.triplets
    assert got.active.item() == pytest.approx(wanted.active, abs=1e-6)
    assert got.positive_distance.item() == pytest.approx(wanted.positive_distance, abs=1e-9, nan_ok=True)
    assert got.negative_distance.item() == pytest.approx(wanted.negative_distance, abs=1e-9, nan_ok=True)
    assert got.embedding_norm.item() == pytest.approx(np.linalg.norm(embedding, axis=1).mean())
    assert not any(value.requires_grad for value in got[1:])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_equals_three_loops(case, kind, margin, distance):
    for average in ("valid", "active"):
        _compare(kind, *CASES[case], margin, distance, average)


@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_equals_three_loops_when_cut_into_blocks(monkeypatch, kind, margin, distance):
    monkeypatch.setattr(frame, "block_rows", lambda batch, device: 3)
    for case in ("unit-0", "grid-0", "duplicates-0", "lonely-anchors", "near-duplicates"):
        _compare(kind, *CASES[case], margin, distance, "active")


def test_the_cases_hold_what_they_promise():
    """Hard, semi-hard and easy triplets, and exact ties, all occur: else the comparison proves little."""
    shares = {"hard": 0, "semi": 0, "easy": 0, "tied": 0}
    for embedding, identity in CASES.values():
        squared = ((embedding[:, None] - embedding[None]) ** 2).sum(-1)
        same = identity[:, None] == identity[None]
        for a, p in zip(*np.nonzero(same & ~np.eye(len(same), dtype=bool)), strict=True):
            negative = squared[a][~same[a]]
            shares["hard"] += (negative < squared[a, p]).sum()
            shares["tied"] += (negative == squared[a, p]).sum()
            shares["semi"] += ((negative > squared[a, p]) & (negative < squared[a, p] + 1)).sum()
            shares["easy"] += (negative > squared[a, p] + 1).sum()
    assert min(shares.values()) > 200, shares
