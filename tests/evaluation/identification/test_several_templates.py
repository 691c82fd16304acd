"""Several templates of a subject: three ways to make them one."""

import numpy as np
import pytest

from likeness.evaluation.identification import best_template, mean_score, mean_templates

DRAW = np.random.default_rng(0)
SUBJECT = np.array([4, 2, 4, 9, 2, 4])


def test_means_by_loops_and_of_unit_length():
    embeddings = DRAW.normal(size=(6, 5))
    means, names = mean_templates(embeddings, SUBJECT, one_length=False)
    assert names.tolist() == [2, 4, 9]
    assert means == pytest.approx(np.stack([embeddings[name == SUBJECT].mean(axis=0) for name in names]))
    for length in (1, np.sqrt(8)):  # of one view, and of eight one behind the other
        alike = length * embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        again, _ = mean_templates(alike, SUBJECT, one_length=True)
        plain = np.stack([alike[name == SUBJECT].mean(axis=0) for name in names])
        assert again == pytest.approx(length * plain / np.linalg.norm(plain, axis=1, keepdims=True))
        assert np.array_equal(again[2], alike[3])  # of subject 9's only one


def test_scores_by_loops():
    distance = DRAW.random((7, 6))
    for function, rule in ((best_template, np.min), (mean_score, np.mean)):
        values, names = function(distance, SUBJECT)
        assert names.tolist() == [2, 4, 9]
        assert values == pytest.approx(
            np.stack([rule(distance[:, name == SUBJECT], axis=1) for name in names], axis=1)
        )


def test_one_template_a_subject_is_kept_as_it_is():
    distance, embeddings = DRAW.random((3, 4)), DRAW.normal(size=(4, 2))
    for function in (best_template, mean_score):
        assert np.array_equal(function(distance, np.arange(4))[0], distance)
    assert np.array_equal(mean_templates(embeddings, np.arange(4), one_length=False)[0], embeddings)


def test_embeddings_that_cancel_out_are_refused():
    with pytest.raises(ValueError, match="subject 5 cancel out"):
        mean_templates([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [5, 5, 6], one_length=True)
