"""A drawn trial: who is enrolled, and who asks."""

import numpy as np
import pytest

from likeness.evaluation.identification import calibrated_trial, drawn_trial

IDENTITY = np.random.default_rng(0).permutation(np.repeat(np.arange(21), [1] * 5 + [2] * 6 + [7] * 10))


@pytest.mark.parametrize(("templates", "able"), [(1, 16), (2, 10), (6, 10)])
def test_half_of_those_with_images_enough_are_enrolled(templates, able):
    trial = drawn_trial(IDENTITY, templates=templates, seed=3)
    enrolled, images = np.unique(IDENTITY[trial.gallery], return_counts=True)
    assert len(enrolled) == able // 2
    assert (images == templates).all()
    assert np.array_equal(np.sort(np.concatenate([trial.gallery, trial.probe])), np.arange(len(IDENTITY)))
    asked = IDENTITY[trial.probe]
    assert np.isin(enrolled, asked).all()  # everybody enrolled searches too
    assert not np.isin(asked, enrolled).all()  # and others


def test_the_seed_draws_and_nothing_else_does():
    first, again, other = (drawn_trial(IDENTITY, templates=1, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.gallery, again.gallery)
    assert not np.array_equal(first.gallery, other.gallery)
    chosen = [set(IDENTITY[drawn_trial(IDENTITY, templates=1, seed=seed).gallery]) for seed in range(60)]
    often = np.bincount([name for names in chosen for name in names], minlength=21)
    assert (often[:5] == 0).all()  # one image only: never enrolled
    assert (np.abs(often[5:] - 30) < 20).all()  # the others about every other time


@pytest.mark.parametrize(
    ("identity", "templates"), [([0, 1, 2], 1), ([0, 0], 1), ([0, 0, 1], 2), ([0, 0, 1], 0)]
)
def test_data_without_anybody_to_enrol_or_to_refuse_are_told(identity, templates):
    with pytest.raises(ValueError, match="needs an identity with at least"):
        drawn_trial(identity, templates=templates, seed=0)


def test_of_a_calibrated_gallery_half_of_the_strangers_are_the_cohort():
    trial, plain = calibrated_trial(IDENTITY, templates=1, seed=3), drawn_trial(IDENTITY, templates=1, seed=3)
    assert np.array_equal(trial.gallery, plain.gallery)
    assert np.array_equal(np.sort(np.concatenate([trial.probe, trial.cohort])), plain.probe)
    enrolled, asking, cohort = (set(IDENTITY[part]) for part in trial)
    assert enrolled < asking
    assert not cohort & asking
    assert len(cohort) == 7  # of the 13 who are not enrolled
    other = calibrated_trial(IDENTITY, templates=1, seed=4)
    assert set(IDENTITY[other.cohort]) != cohort


def test_a_calibrated_gallery_needs_two_strangers():
    with pytest.raises(ValueError, match="two identities who are not enrolled, but one is left"):
        calibrated_trial([0, 0, 1], templates=1, seed=0)
