"""Searches in drawn galleries against a loop in float64, and a run of them on the one path."""

import json
from pathlib import Path

import numpy as np
import pytest

from likeness.data.drawn_encodings import identities, images
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.open_set.galleries import search_drawn_galleries
from likeness.recipes.open_set.measure import held
from likeness.runs.run import train

SMALL = {"sizes": [5, 30], "mated": 8, "cohort": 6, "cohorts": 2, "images_each": [1, 3]}
OVERRIDES = (
    *(f"task.{key}={value}".replace(" ", "") for key, value in SMALL.items() if key != "cohort"),
    "task.cohort=297",
    "task.kept_from=5",
    "task.fpir=[0.1,0.01]",
)


def test_what_is_found_is_what_a_loop_over_all_distances_finds() -> None:
    found = search_drawn_galleries(**SMALL, seed=3)
    gallery = identities(0, 30, seed=3).astype(np.float64)
    probes = images(identities(0, 8, seed=3), seed=4).astype(np.float64)
    strangers = images(identities(2_000_000, 12, seed=3), seed=2_000_003).astype(np.float64)
    for size in SMALL["sizes"]:
        searches = found.found[size]
        enrolled = min(size, 8)
        for probe in range(enrolled):
            distances = [np.sum((probes[probe] - one) ** 2) for one in gallery[:size]]
            assert searches.distance[probe] == pytest.approx(distances[probe], abs=1e-5)
            assert searches.rank[probe] == 1 + sum(one < distances[probe] for one in distances)
        assert list(searches.mated) == [True] * enrolled + [False] * 12
        nearest = [min(np.sum((one - other) ** 2) for other in gallery[:size]) for one in strangers]
        np.testing.assert_allclose(searches.distance[enrolled:], nearest, atol=1e-5)
        np.testing.assert_array_equal(found.strangers[size][1], searches.distance[enrolled:])
        assert len(found.strangers[size][3]) == 12
    assert (found.strangers[30][3] <= found.strangers[5][3]).all()


def test_a_gallery_does_not_depend_on_how_many_follow() -> None:
    alone = search_drawn_galleries(**{**SMALL, "sizes": [30]}, seed=3)
    # not to the bit: a product of other shapes rounds otherwise on some processors
    np.testing.assert_allclose(
        alone.strangers[30][1], search_drawn_galleries(**SMALL, seed=3).strangers[30][1], rtol=1e-6
    )


def test_each_cohort_chooses_the_threshold_that_tells_the_others() -> None:
    distance = np.array([3.0, 1, 2, 4, 9, 8, 7, 6, 0.5, 5, 6.5, 7.5])
    by_hand = []  # of three the smallest is the loosest threshold at 1/2: (k + 1) / 4 <= 1/2 for k = 1
    for first in (0, 3, 6, 9):
        others = np.delete(distance, slice(first, first + 3))
        by_hand.append(np.mean(others < np.sort(distance[first : first + 3])[1]))
    found = held(distance, distance + 100, 0.5, cohort=3, each=1)
    assert found[:3] == pytest.approx((np.mean(by_hand), min(by_hand), max(by_hand)))
    assert found.kept == 1.0  # thresholds from where all are far name everybody


def trained(*overrides: str) -> Path:
    config = training_config(["+experiment=open_set_drawn", *overrides])
    return train(config, recipe_of(config))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(*OVERRIDES, f"runs_dir={tmp_path_factory.mktemp('runs')}")


def test_a_run_trains_nothing_and_is_recorded_like_any_other(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["checkpoints"] == []
    assert (run / "figures" / "open_set.png").is_file()
    assert (run / "report.html").is_file()
    results = json.loads((run / "results.json").read_text())
    assert list(results) == ["30 identities", "5 identities"]
    searches = search_drawn_galleries(**{**SMALL, "cohort": 297}, seed=0)
    again = held(searches.strangers[30][1], searches.strangers[5][1], 0.01, cohort=297, each=1)
    assert results["30 identities"]["open_set/found@fpir=1e-2"]["value"] == again.found
    assert results["30 identities"]["open_set/kept@fpir=1e-2"]["value"] == again.kept
    assert results["30 identities"]["open_set/found@fpir=1e-2"]["count"] == 297
    assert results["5 identities"]["open_set/rank@1"]["count"] == 5


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["task.sizes=[10,5]"], "task.sizes are different numbers in rising order"),
        (["task.kept_from=7"], "task.kept_from=7 is none of task.sizes"),
        (["task.images_each=[1,7]"], "can't be shared by strangers who search 7 times each"),
        (["trainer.max_steps=5"], "trainer.max_steps=5 is not a known value"),
        (
            ["task.cohort=50"],
            "task.cohort=50 is too small for a threshold at 0.01: it has 50 strangers .* takes at least 99",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(overrides: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=sentence):
        trained(*overrides, f"runs_dir={tmp_path}")
    assert not list(tmp_path.iterdir())
