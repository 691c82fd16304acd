"""Of several logits for faces and for background the greatest count."""

import pytest
import torch

from likeness.models.detectors.max_in_out import max_in_out


@pytest.mark.parametrize(("negatives", "positives"), [(3, 1), (1, 3), (1, 1), (2, 2)])
def test_is_the_softmax_of_the_two_maxima(negatives: int, positives: int) -> None:
    """One face against the best of three backgrounds at the lowest layer, the reverse at the others (PyramidBox)."""
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, negatives + positives, generator=draw, dtype=torch.float64)
    odds = max_in_out(logits, negatives=negatives)
    assert odds.shape == (2, 5)
    for row, value in zip(logits.reshape(10, -1).tolist(), odds.flatten(), strict=True):
        pair = torch.tensor([max(row[:negatives]), max(row[negatives:])], dtype=torch.float64)
        torch.testing.assert_close(value.sigmoid(), pair.softmax(0)[1])


def test_a_gradient_reaches_the_greatest_alone() -> None:
    logits = torch.tensor([[0.5, 2.0, -1.0, 0.3, 0.1]], requires_grad=True)
    (slope,) = torch.autograd.grad(max_in_out(logits, negatives=3).sum(), logits)
    assert slope.tolist() == [[0, -1, 0, 1, 0]]


def test_no_anchors() -> None:
    assert max_in_out(torch.zeros(2, 0, 4), negatives=3).shape == (2, 0)
