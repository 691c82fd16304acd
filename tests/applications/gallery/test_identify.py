"""Whom a search names and whom it does not, at thresholds that hold on strangers that were not calibrated on."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from drawn_galleries import D, about, centres, cohort, enrolment, filled, image, made

from likeness.applications.gallery.claim import claim, claim_point
from likeness.applications.gallery.compare import Templates, Way, distances
from likeness.applications.gallery.corrections import say_is, say_is_not
from likeness.applications.gallery.identify import identify
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.searched import chosen_threshold, cohort_distances, searched
from likeness.applications.gallery.store import Cohort, Image, NearestSubjects, Store
from likeness.applications.gallery.stores import open_store
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN
from likeness.evaluation.identification import search_threshold


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.gallery"


def told(store: Store, encodings: np.ndarray, *, fpir: float = 0.05, top: int = 3):
    probes = [image(f"probe-{number}") for number in range(len(encodings))]
    return identify(store, EUCLIDEAN, probes, encodings, fpir=fpir, top=top)


def test_who_is_enrolled_is_named_and_a_stranger_is_not(path: Path) -> None:
    with filled(path) as store:
        known = about(centres(8, 1), 1, 0.1, 33)[:, 0]
        strangers = about(centres(5, 77), 1, 0.1, 34)[:, 0]
        found = told(store, np.concatenate([known, strangers]))
    names = [None if one.subject is None else one.subject.name for one in found.probes]
    assert names == [f"S{number}" for number in range(8)] + [None] * 5
    for one in found.probes:
        away = [candidate.distance for candidate in one.candidates]
        assert away == sorted(away)
        assert len(away) == 3
    plain = found.as_json()
    assert plain["probes"][0]["subject"] == {"id": "1", "name": "S0"}
    assert plain["probes"][-1] == {**plain["probes"][-1], "known": False, "subject": None}
    assert {"threshold", "fpir", "cohort", "subjects", "low", "high"} == plain["threshold"].keys()
    assert "/images/probe-12.png: unknown" in str(found)
    assert "at most 5% of their searches; chosen on 200 images of 40 strangers, 95% interval" in str(found)


@pytest.mark.parametrize("score", list(Score))
def test_the_threshold_is_that_of_the_cohort_s_searches_by_hand(score: Score, path: Path) -> None:
    with filled(path, score=score) as store:
        contents = store.contents()
        smallest = []
        for stranger in contents.cohort.encodings.astype(np.float64):
            away = []
            for row in range(8):
                own = contents.encodings[contents.row == row].astype(np.float64)
                if score is Score.mean:
                    mean = own.mean(0)
                    own = (mean / np.linalg.norm(mean)).astype(np.float32).astype(np.float64)[None]
                each = np.square(own - stranger).sum(1)
                away.append(each.min() if score is Score.maximum else each.mean())
            smallest.append(min(away))
        expected = search_threshold(smallest, np.repeat(np.arange(40), 5), 0.05)
        found = told(store, contents.encodings[:1]).threshold
    assert found.threshold == pytest.approx(expected.threshold, rel=1e-6)
    assert (found.cohort, found.subjects, found.fpir) == (200, 40, 0.05)


def test_the_threshold_follows_who_is_enrolled_and_is_kept_between(path: Path) -> None:
    with filled(path) as store:
        first = told(store, centres(1, 1).astype(np.float32)).threshold.threshold
        kept = store.contents().cohort.measured
        assert kept is not None
        assert kept.distances.smallest.min() <= first
        store.enrol([enrolment(f"N{n}", rows) for n, rows in enumerate(about(centres(300, 8), 1, 0.1, 8))])
        more = told(store, centres(1, 1).astype(np.float32)).threshold.threshold
        assert more < first  # of more, the nearest is nearer


@pytest.mark.parametrize("score", list(Score))
def test_distances_that_are_followed_from_change_to_change_are_those_of_all(score: Score, path: Path) -> None:
    more = about(centres(20, 3), 2, 0.3, 3)

    def measured() -> tuple[NearestSubjects, NearestSubjects]:
        contents = store.contents()
        found = searched(contents, EUCLIDEAN, store.name)
        unknown = contents._replace(cohort=contents.cohort._replace(measured=None))
        return cohort_distances(contents, found, ""), cohort_distances(unknown, found, "")

    with filled(path, score=score) as store:
        told(store, centres(1, 1).astype(np.float32))
        for number, rows in enumerate(more):
            store.enrol([enrolment(f"N{number}", rows)])
            store.enrol([enrolment(f"S{number % 8}", rows[:1], called=[image(f"again {number}")])])
            if number % 5 == 2:
                store.remove(store.subject(f"N{number - 1}"))
                store.merge(store.subject(f"N{number - 2}"), [store.subject(f"N{number}")])
            followed, whole = measured()
            assert np.array_equal(followed.smallest, whole.smallest)
            assert np.array_equal(followed.number, whole.number)
            told(store, centres(1, 1).astype(np.float32))  # which keeps them
            kept = store.contents().cohort.measured
            assert kept is not None
            assert np.array_equal(kept.distances.smallest, whole.smallest)
            assert kept.changed == set()


def test_subjects_that_have_not_changed_are_not_compared_with_strangers_again(path: Path) -> None:
    with filled(path) as store:
        known = NearestSubjects(np.full(200, 1e-9), np.repeat([1, 2], 100))  # nearer than anybody is
        store.keep_distances(store.contents().revision, known)
        store.enrol([enrolment("S1", centres(1, 6).astype(np.float32), called=[image("more")])])
        contents = store.contents()
        found = cohort_distances(contents, searched(contents, EUCLIDEAN, ""), "").smallest
    assert np.array_equal(found[:100], known.smallest[:100])
    assert found[100:].min() > 0.01  # those whose nearest was S1 are compared with all


@pytest.mark.parametrize("subjects", [10, 300])
def test_the_wanted_rate_of_strangers_with_a_name_holds_for_others(subjects: int, path: Path) -> None:
    """The threshold for pairs would not do: of 300 subjects somebody is near enough for one pair in a hundred."""
    with filled(path, subjects=subjects, strangers=cohort(300, 1)) as store:
        contents = store.contents()
        found = searched(contents, EUCLIDEAN, store.name)
        others = told(store, cohort(2000, 1, seed=91).encodings)
    named = np.mean([one.subject is not None for one in others.probes])
    assert 0.01 < named < 0.1
    pair = claim_point(cohort(300, 2), found.way, 1, 0.01, "").point.threshold
    at_pairs = np.mean([one.candidates[0].distance < pair for one in others.probes])
    assert at_pairs == pytest.approx(1 - 0.99**subjects, abs=0.05)


def test_without_strangers_enough_no_threshold_is_made_up(path: Path) -> None:
    sentence = r"has a cohort of 4 strangers, too small for --fpir 0\.01, which takes at least 99: ask for --fpir 0\.2,"
    with filled(path, strangers=cohort(4, 25)) as store:
        with pytest.raises(LikenessError, match=sentence):
            told(store, centres(1, 1).astype(np.float32), fpir=0.01)
        assert told(store, centres(1, 1).astype(np.float32), fpir=0.2).threshold.cohort == 100
    with made(
        path.with_name("empty"), cohort(0, 0)._replace(encodings=np.empty((0, D), np.float32))
    ) as store:
        with pytest.raises(LikenessError, match="holds nobody yet"):
            told(store, centres(1, 1).astype(np.float32))
        store.enrol([enrolment("Ada", about(centres(1, 1), 2, 0.1, 0)[0])])
        with pytest.raises(LikenessError, match="has no threshold, as it knows no strangers"):
            told(store, centres(1, 1).astype(np.float32))
        with pytest.raises(LikenessError, match="knows no two strangers by two images each"):
            claim(store, EUCLIDEAN, image("probe"), centres(1, 1).astype(np.float32), "Ada", far=0.01)


def test_one_stranger_is_no_cohort_and_a_picture_counts_once(path: Path) -> None:
    one = cohort(1, 1)
    again = Cohort([*one.subjects] * 99, [*one.images] * 99, np.repeat(one.encodings, 99, axis=0))
    for name, strangers, images in (("different", cohort(1, 99), "99 images"), ("equal", again, "1 image")):
        with filled(path.with_name(name), strangers=strangers) as store:
            with pytest.raises(LikenessError, match=r"a cohort of 1 stranger, too small for --fpir 0\.01"):
                told(store, centres(1, 1).astype(np.float32), fpir=0.01)
            said = str(told(store, centres(1, 1).astype(np.float32), fpir=0.5))
        assert said.endswith(f"chosen on {images} of 1 stranger, too few for an interval")


def test_of_strangers_with_several_images_no_more_get_a_name_than_wanted(path: Path) -> None:
    """Over many cohorts of ten strangers, in the mean: a tenth, of which the rank among all images would make 17%."""
    with filled(path) as store:
        contents = store.contents()
        found = searched(contents, EUCLIDEAN, store.name)
    fresh = contents._replace(cohort=cohort(3000, 1, seed=77))
    away = np.sort(cohort_distances(fresh, found, "").smallest)
    rates = []
    for seed in range(1000, 1150):
        strangers = cohort(10, 10, seed=seed)
        smallest = cohort_distances(contents._replace(cohort=strangers), found, "").smallest
        threshold = chosen_threshold(strangers.subjects, smallest, 0.1, "").threshold
        rates.append(np.searchsorted(away, threshold) / len(away))
    assert np.mean(rates) < 0.1


def test_a_locked_gallery_is_searched_all_the_same(where: str) -> None:
    with filled(where) as store, open_store(where, patience=0.05) as other:
        with store._database.transaction(writes=True):
            assert told(other, centres(1, 1).astype(np.float32)).probes[0].subject is not None
        assert other.contents().cohort.measured is None


# Claims


def test_a_claim_is_held_to_its_subject_alone(path: Path) -> None:
    with filled(path) as store:
        probe = about(centres(8, 1), 1, 0.1, 33)[2]
        for number in range(8):
            found = claim(store, EUCLIDEAN, image("probe"), probe, f"S{number}", far=0.01)
            assert found.accepted == (number == 2)
            own = store.contents().encodings[3 * number : 3 * number + 3].astype(np.float64)
            mean = own.mean(0) / np.linalg.norm(own.mean(0))
            assert found.distance == pytest.approx(np.square(mean - probe[0]).sum(), rel=1e-5)
            assert (found.templates, found.chosen.templates) == (3, 3)
        with pytest.raises(LikenessError, match=r"Nobody in .* is called Eve"):
            claim(store, EUCLIDEAN, image("probe"), probe, "Eve", far=0.01)
        with pytest.raises(LikenessError, match=r"makes [\d,]+ claims, too few for --far 1e-06"):
            claim(store, EUCLIDEAN, image("probe"), probe, "S1", far=1e-6)


@pytest.mark.parametrize("score", list(Score))
def test_claims_to_several_templates_have_a_threshold_of_their_own(score: Score) -> None:
    """On strangers that it was not chosen on, the share of false claims that pass is the wanted one."""
    way = Way(EUCLIDEAN, score, True)
    chosen = {n: claim_point(cohort(120, 6, spread=0.2), way, n, 0.05, "").point for n in (1, 5)}
    assert chosen[5].negatives == 120 * 119
    claimed, strangers = about(centres(80, 5), 5, 0.2, 5), about(centres(500, 6), 1, 0.2, 6)[:, 0]
    templates = Templates(claimed.reshape(-1, D), np.repeat(np.arange(80), 5))
    false = distances(strangers, templates, way)
    accepted = {n: np.mean(false < point.threshold) for n, point in chosen.items()}
    assert accepted[5] == pytest.approx(0.05, abs=0.01)
    if score is not Score.mean:  # in so many dimensions a mean is as far from strangers as one template
        assert abs(accepted[1] - 0.05) > 0.015


@pytest.mark.parametrize("score", list(Score))
def test_of_more_templates_than_were_calibrated_only_so_many_are_compared(score: Score, path: Path) -> None:
    probe = about(centres(8, 1), 1, 0.1, 3)[0]
    with filled(path, each=9, score=score) as store:
        found = claim(store, EUCLIDEAN, image("probe"), probe, "S0", far=0.01)
        contents = store.contents()
    first = Templates(contents.encodings[:4], np.zeros(4, np.int64))
    assert found.distance == distances(probe, first, Way(EUCLIDEAN, score, True))[0, 0]
    assert (found.templates, found.chosen.templates) == (9, 4)
    assert str(found).startswith("accepted: that it is S0 (1), of whom there are 9 templates, of which 4 are")
    assert "and of 4 templates each" in str(found)


# What somebody said


def test_what_somebody_said_of_an_image_counts(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "probe.png"
    file.write_bytes(b"an image")
    probe = about(centres(8, 1), 1, 0.1, 33)[2]
    with filled(path) as store:
        say_is_not(store, file, store.subject("S2"))
        shown = Image(sha256(b"an image").hexdigest(), str(file))
        found = identify(store, EUCLIDEAN, [shown], probe, fpir=0.05, top=8)
        assert found.probes[0].subject is None
        assert "S2" not in [one.subject.name for one in found.probes[0].candidates]
        assert len(found.probes[0].candidates) == 7
        say_is(store, file, store.subject("S5"))
        found = identify(store, EUCLIDEAN, [shown], probe, fpir=0.05, top=8)
        assert found.probes[0].subject == store.subject("S5")
