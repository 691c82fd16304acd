"""Probes beside scikit-learn's, and what they must not look at."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.preprocessing import StandardScaler

from likeness.evaluation.figures import KnownByLayer, layers_figure
from likeness.evaluation.metric import Metric
from likeness.evaluation.probes import PENALTIES, Moments, Problem, fit_ridges, halves_of, probed
from likeness.evaluation.probes import probe as probe_module

CLASSES = 5


def drawn(samples: int, features: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Classes that overlap, of features with very different means and deviations, two of which never vary."""
    draw = np.random.default_rng(seed)
    label = draw.permutation(np.arange(samples) % CLASSES)
    centres = 1.5 * draw.standard_normal((CLASSES, features))
    values = centres[label] + draw.standard_normal((samples, features)) @ draw.standard_normal(
        (features, features)
    )
    values = values * np.geomspace(1e-2, 1e2, features) + np.linspace(-300, 300, features)
    values[:, 0], values[:, 1] = 0, 0.1
    return values.astype(np.float32), label


@pytest.mark.parametrize(("samples", "features"), [(400, 20), (30, 60)])
@pytest.mark.parametrize("block", [7, 1000])
def test_a_streamed_ridge_is_that_of_scikit_learn(samples: int, features: int, block: int) -> None:
    values, label = drawn(samples, features)
    moments = Moments(features, CLASSES)
    for start in range(0, samples, block):
        moments.add(values[start : start + block], label[start : start + block])
    others, _ = drawn(50, features, seed=1)
    scaler = StandardScaler().fit(values.astype(np.float64))
    for penalty, ours in zip(PENALTIES, fit_ridges(moments, PENALTIES), strict=True):
        theirs = TheirRidge(alpha=penalty * samples).fit(
            scaler.transform(values.astype(np.float64)), np.eye(CLASSES)[label]
        )
        np.testing.assert_allclose(ours.weight, theirs.coef_.T, atol=1e-6, rtol=0)
        expected = theirs.predict(scaler.transform(others.astype(np.float64)))
        np.testing.assert_allclose(ours.scores(others), expected, atol=1e-6, rtol=0)


def test_halves_share_out_each_identity() -> None:
    identity = np.array([3, 0, 3, 1, 3, 0, 2, 2, 3, 2, 0, 0])
    learned, asked = halves_of(identity, seed=1)
    assert not set(learned) & set(asked)
    assert np.bincount(identity[learned]).tolist() == [2, 0, 2, 2]  # of three two, and nobody of one image
    assert np.bincount(identity[asked]).tolist() == [2, 0, 1, 2]
    assert any((halves_of(identity, seed=seed).learned != learned).any() for seed in range(2, 9))
    with pytest.raises(ValueError, match="1 of 3 identities have two"):
        halves_of([0, 0, 1, 2], seed=0)


def problems(features: int = 12) -> tuple[Problem, Problem]:
    made = []
    for seed in (2, 3):
        values, label = drawn(300, features, seed)
        made.append(Problem(values, label, halves_of(label, seed=0)))
    return made[0], made[1]


def test_every_kind_of_probe_recognises_and_shuffled_labels_do_not() -> None:
    found = probed(*problems(), columns=["logistic", "nearest"], seed=0)
    assert found.logistic is not None
    assert found.nearest is not None
    assert found.ridge.mean() > 0.7
    assert found.logistic.mean() > 0.7
    assert found.nearest.mean() > 0.5
    assert found.shuffled.mean() < 2 / CLASSES
    alone = probed(*problems(), columns=[], seed=0)
    assert alone.logistic is None
    assert alone.nearest is None
    np.testing.assert_array_equal(alone.ridge, found.ridge)


def test_the_penalty_knows_nothing_of_what_is_measured_on() -> None:
    choosing, asked = problems()
    noise = np.random.default_rng(4).permutation(asked.label)
    plain, other = (
        probed(choosing, one, columns=["logistic"], seed=0) for one in (asked, asked._replace(label=noise))
    )
    assert (plain.penalty, plain.logistic_penalty) == (other.penalty, other.logistic_penalty)
    learned, others = choosing.halves
    scaler = StandardScaler().fit(choosing.features[learned].astype(np.float64))
    known, held = (scaler.transform(choosing.features[rows].astype(np.float64)) for rows in (learned, others))
    right = []
    for penalty in PENALTIES:
        theirs = TheirRidge(alpha=penalty * len(learned)).fit(known, np.eye(CLASSES)[choosing.label[learned]])
        right.append((np.mean(theirs.predict(held).argmax(1) == choosing.label[others]), penalty))
    assert plain.penalty == max(right)[1]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = probed(*problems(), columns=[], seed=0)
    monkeypatch.setattr(probe_module, "BLOCK", 11)
    np.testing.assert_array_equal(probed(*problems(), columns=[], seed=0).ridge, whole.ridge)


@pytest.mark.parametrize(
    ("values", "label", "said"),
    [
        ([[np.nan]], [0], "NaN or infinite"),
        ([[1.0]], [2], "labels must be from 0 to 1"),
        ([[1.0]], [0, 1], "shape"),
    ],
)
def test_what_is_no_sample_is_refused(values: list[list[float]], label: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Moments(1, 2).add(values, label)


def test_the_figure_has_a_curve_for_each_kind_and_a_line_for_what_needs_no_layer() -> None:
    known = [Metric(0.4, 50, 0.3, 0.5), Metric(0.7, 50, None, None)]
    panel = KnownByLayer(
        "net", ["0", "3"], {"trained": known, "untrained": known}, {"raw input": Metric(0.2, 50)}
    )
    (axes,) = layers_figure([panel]).axes
    assert [line.get_label() for line in axes.get_lines()] == ["trained", "untrained", "raw input"]
    assert axes.get_lines()[0].get_ydata().tolist() == [40, 70]
