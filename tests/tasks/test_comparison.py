"""What a head says of encodings is what an evaluation ranks by."""

import numpy as np
import pytest
import torch

from likeness.evaluation import query_scores
from likeness.models.similarity import SimilarityHead, absolute_difference
from likeness.tasks import comparison


@pytest.fixture
def head() -> SimilarityHead:
    head = absolute_difference(5)
    torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(0))
    return head


def test_pairs_and_rows_are_minus_the_log_odds(head: SimilarityHead, monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    weight = head.weight.detach().numpy()
    expected = -(np.abs(embeddings[:, None] - embeddings) @ weight)
    compared = comparison.by_head(head)
    rows = compared.rows(embeddings)(np.array([4, 0, 29]))
    np.testing.assert_allclose(rows, expected[[4, 0, 29]], rtol=1e-4, atol=1e-5)
    first, second = np.divmod(np.arange(900), 30)
    for values in (1 << 22, 7):  # 7: blocks of one pair
        monkeypatch.setattr(comparison, "_BLOCK_VALUES", values)
        np.testing.assert_allclose(
            compared.pairs(embeddings, first, second), expected.ravel(), rtol=1e-4, atol=1e-5
        )


def test_retrieval_ranks_by_the_head(head: SimilarityHead) -> None:
    random = np.random.default_rng(1)
    identity = np.repeat(np.arange(6), 4)
    embeddings = (random.normal(size=(6, 5))[identity] + random.normal(size=(24, 5))).astype(np.float32)
    table = -(np.abs(embeddings[:, None] - embeddings) @ head.weight.detach().numpy())
    np.fill_diagonal(table, np.inf)
    nearest = identity[np.argsort(table, axis=1)]
    scores = query_scores(embeddings, identity, comparison.by_head(head))
    assert scores.precision_at_1.tolist() == (nearest[:, 0] == identity).tolist()
    np.testing.assert_allclose(scores.r_precision, (nearest[:, :3] == identity[:, None]).mean(1))
    assert scores.precision_at_1.mean() != query_scores(embeddings, identity).precision_at_1.mean()
