"""Identification as a run measures it: a drawn trial or a benchmark's, with images that can't be read left out."""

import numpy as np
import pytest

from likeness.applications.gallery.compare import Templates, Way, distances
from likeness.applications.gallery.score import Score
from likeness.config.schema.identification import Blufr, CalibratedGallery, OpenSet
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN
from likeness.evaluation.identification import (
    OpenSetTrial,
    calibrated_trial,
    drawn_trial,
    evaluate_blufr,
    evaluate_calibrated,
    evaluate_identification,
    searches,
)
from likeness.models.similarity import absolute_difference
from likeness.recipes.embedding.identification import Benchmark, identification_of, identified
from likeness.tasks.comparison import by_head

DRAW = np.random.default_rng(0)
IDENTITY = np.sort(DRAW.integers(0, 30, 240))
EMBEDDINGS = DRAW.normal(size=(30, 6))[IDENTITY] + 0.4 * DRAW.normal(size=(240, 6))
EMBEDDINGS = (EMBEDDINGS / np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)).astype(np.float32)
ALL = np.arange(240)
RESAMPLING = {"resamples": 50, "seed": 3}


def open_set(templates=1, combine="mean"):
    target = "likeness.evaluation.identification.trial.drawn_trial"
    return OpenSet.model_validate({"_target_": target, "templates": templates, "combine": combine})


def by_hand(templates, combine):
    """The same from one matrix of distances."""
    trial = drawn_trial(IDENTITY, templates=templates, seed=3)
    subjects = np.unique(IDENTITY[trial.gallery])
    probes, distance = EMBEDDINGS[trial.probe].astype(float), []
    for subject in subjects:
        own = EMBEDDINGS[trial.gallery[IDENTITY[trial.gallery] == subject]].astype(float)
        if combine == "mean":
            mean = own.mean(axis=0)
            own = (mean / np.linalg.norm(mean))[None]
        each = ((probes[:, None] - own) ** 2).sum(2)
        distance.append(each.min(axis=1) if combine == "maximum" else each.mean(axis=1))
    found = searches(np.stack(distance, axis=1), IDENTITY[trial.probe], subjects)
    return evaluate_identification(found, **RESAMPLING)


@pytest.mark.parametrize(
    ("templates", "combine"), [(1, "mean"), (3, "mean"), (3, "maximum"), (3, "mean_score")]
)
def test_a_drawn_trial_is_what_one_matrix_gives(templates, combine):
    found = identified(
        open_set(templates, combine), EUCLIDEAN, EMBEDDINGS, ALL, IDENTITY, most=None, **RESAMPLING
    )
    for name, metric in by_hand(templates, combine).items():
        assert found[name] == pytest.approx(metric, nan_ok=True), name
    assert {name.partition("/")[0] for name in found} == {"identification"}


@pytest.mark.parametrize("views", [1, 4])
@pytest.mark.parametrize("combine", ["mean", "maximum", "mean_score"])
def test_a_gallery_finds_what_is_measured(views, combine):
    """Also with views of an image one behind the other, whose length together is not 1."""
    draw = np.random.default_rng(7)
    parts = [EMBEDDINGS + draw.uniform(0.1, 1.5, 30)[IDENTITY, None] * draw.normal(size=EMBEDDINGS.shape)]
    parts += [EMBEDDINGS + draw.normal(size=EMBEDDINGS.shape) for _ in range(views - 1)]
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in parts]
    embeddings = np.concatenate(unit, axis=1).astype(np.float32)
    trial = drawn_trial(IDENTITY, templates=3, seed=3)
    names, row = np.unique(IDENTITY[trial.gallery], return_inverse=True)
    order = np.argsort(row, kind="stable")
    templates = Templates(embeddings[trial.gallery][order], row[order])
    away = distances(embeddings[trial.probe], templates, Way(EUCLIDEAN, Score(combine), True))
    expected = evaluate_identification(searches(away, IDENTITY[trial.probe], names), **RESAMPLING)
    found = identified(open_set(3, combine), EUCLIDEAN, embeddings, ALL, IDENTITY, most=None, **RESAMPLING)
    for name, metric in expected.items():
        assert found[name] == pytest.approx(metric, nan_ok=True), name


@pytest.mark.parametrize("combine", ["mean", "maximum", "mean_score"])
def test_a_calibrated_gallery_is_what_a_gallery_does(combine):
    draw = np.random.default_rng(5)
    identity = np.repeat(np.arange(50), 5)
    embeddings = draw.normal(size=(50, 6))[identity] + 0.6 * draw.normal(size=(250, 6))
    embeddings = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32)
    trial = calibrated_trial(identity, templates=3, seed=3)
    names, row = np.unique(identity[trial.gallery], return_inverse=True)
    order = np.argsort(row, kind="stable")
    templates = Templates(embeddings[trial.gallery][order], row[order])
    way = Way(EUCLIDEAN, Score(combine), True)
    of_probes, of_cohort = (
        distances(embeddings[part], templates, way) for part in (trial.probe, trial.cohort)
    )
    expected = evaluate_calibrated(
        searches(of_probes, identity[trial.probe], names),
        of_cohort.min(axis=1),
        identity[trial.cohort],
        **RESAMPLING,
    )
    target = "likeness.evaluation.identification.trial.calibrated_trial"
    node = CalibratedGallery.model_validate({"_target_": target, "templates": 3, "combine": combine})
    found = identified(node, EUCLIDEAN, embeddings, np.arange(250), identity, most=None, **RESAMPLING)
    assert found.keys() == expected.keys()
    for name, metric in expected.items():
        assert found[name][:2] == pytest.approx(metric[:2], nan_ok=True), name
    assert 0 < found["gallery/tpir@fpir=1e-1"].value < found["gallery/rank@1"].value
    assert np.isnan(found["gallery/tpir@fpir=1e-2"].value)  # which takes 99 strangers


def test_fewer_probes_search_where_fewer_are_to_ask():
    found = identified(open_set(), EUCLIDEAN, EMBEDDINGS, ALL, IDENTITY, most=80, **RESAMPLING)
    again = identified(open_set(), EUCLIDEAN, EMBEDDINGS, ALL, IDENTITY, most=80, **RESAMPLING)
    assert found["identification/rank@1"].count + found["identification/tpir@fpir=1e-1"].count == 80
    assert found["identification/rank@1"] == again["identification/rank@1"]


def test_a_learned_head_compares_where_there_is_one():
    comparison = by_head(absolute_difference(6).eval())
    positive = np.abs(EMBEDDINGS)
    found = identified(open_set(), comparison, positive, ALL, IDENTITY, most=None, **RESAMPLING)
    other = identified(open_set(), EUCLIDEAN, positive, ALL, IDENTITY, most=None, **RESAMPLING)
    assert found["identification/tpir@fpir=1e-1"] != other["identification/tpir@fpir=1e-1"]


def trials():
    first = np.flatnonzero(np.diff(IDENTITY, prepend=-1))
    return [OpenSetTrial(first[part::2], np.setdiff1d(np.arange(240), first[part::2])) for part in (0, 1)]


def test_a_benchmark_without_an_image_leaves_its_subject_out():
    lost_gallery, lost_probe = trials()[0].gallery[2], trials()[0].probe[5]
    samples = np.setdiff1d(ALL, [lost_gallery, lost_probe])
    rows = {int(sample): row for row, sample in enumerate(samples)}
    kept = []
    for trial in trials():
        gallery = [each for each in trial.gallery.tolist() if each in rows]
        lost = {IDENTITY[each] for each in trial.gallery.tolist() if each not in rows}
        probe = [each for each in trial.probe.tolist() if each in rows and IDENTITY[each] not in lost]
        kept.append(OpenSetTrial(np.array([rows[i] for i in gallery]), np.array([rows[i] for i in probe])))
    expected = evaluate_blufr(EUCLIDEAN.rows(EMBEDDINGS[samples]), IDENTITY[samples], kept)
    found = identified(
        Benchmark(trials()), EUCLIDEAN, EMBEDDINGS[samples], samples, IDENTITY, most=None, **RESAMPLING
    )
    for name, metric in expected.items():
        assert found[name] == pytest.approx(metric, nan_ok=True), name


def test_a_benchmark_is_known_by_its_lists():
    first, second = trials()
    fingerprint = Benchmark([first, second]).fingerprint()
    assert fingerprint["trials"] == 2
    moved = OpenSetTrial(
        first.gallery[:-1], np.append(first.gallery[-1:], first.probe)
    )  # the same images, in order
    for other in ([second, first], [first], [moved, second]):
        assert Benchmark(other).fingerprint() != fingerprint


def test_lists_that_are_not_there_are_told_by_their_key(tmp_path):
    class Nothing:
        def __len__(self):
            return 0

    node = Blufr.model_validate(
        {"_target_": "likeness.data.blufr.blufr_trials", "root": str(tmp_path / "no")}
    )
    node.put_at("identification")
    with pytest.raises(LikenessError, match=r"does not exist: set identification\.root=DIR"):
        identification_of(node, Nothing())
    assert identification_of(None, Nothing()) is None
    assert identification_of(open_set(), Nothing()) == open_set()
