"""A run on arrays with an official split: what it measures, records and tells."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import TINY, train_by

import likeness

pytestmark = pytest.mark.usefixtures("without_drawing")
WORDS = [
    *(word for word in TINY if not word.startswith(("data.", "backbone.spatial_size"))),
    "data=arrays",
    "data.samples=x",
    "data.labels=y",
    "data.test_samples=t",
    "data.test_labels=u",
    "backbone.spatial_size=[40]",
    "backbone.channels=1",
    "backbone.mean=null",
    "backbone.std=null",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
    "evaluation.target=0.1",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder, draw = tmp_path_factory.mktemp("closed"), np.random.default_rng(0)
    classes = 5 * draw.normal(size=(4, 40)) + 20
    held: dict[str, Any] = {"y": np.arange(24) % 4, "u": np.arange(20) % 4}
    held["x"], held["t"] = (
        classes[held[label]] + 4 * draw.normal(size=(len(held[label]), 40)) for label in "yu"
    )
    held["t"][3] = held["x"][7].astype(np.float32)
    np.savez(folder / "series.npz", **held)
    return train_by([*WORDS, f"data.path={folder / 'series.npz'}", f"runs_dir={folder}"]), held


def test_test_samples_are_classified_by_the_nearest_that_was_trained_on(
    finished: tuple[Path, dict[str, Any]],
) -> None:
    run, held = finished
    x, t = (held[name].astype(np.float32).astype(np.float64) for name in "xt")
    nearest = np.square(t[:, None] - x[None]).sum(2).argmin(1)
    results = json.loads((run / "results.json").read_text())
    raw = results["raw values"]["classification/1nn_error"]
    assert (raw["value"], raw["count"]) == (np.mean(held["y"][nearest] != held["u"]), 20)
    encoder = likeness.load(run)
    import torch

    known, asked = (encoder.encode(torch.from_numpy(held[name]).float()[:, None]).double() for name in "xt")
    found = held["y"][torch.cdist(asked, known).argmin(1).numpy()]
    assert results["trained"]["classification/1nn_accuracy"]["value"] == np.mean(found == held["u"])
    assert 0 < results["trained"]["verification/min_dcf"]["value"] <= 1


def test_statistics_and_copies_are_recorded(finished: tuple[Path, dict[str, Any]]) -> None:
    run, held = finished
    record = json.loads((run / "run.json").read_text())
    assert record["data"]["statistics"]["mean"] == pytest.approx([held["x"].mean()], rel=1e-5)
    assert record["data"]["statistics"]["std"] == pytest.approx([held["x"].std()], rel=1e-5)
    assert record["duplicates"]["within"] == {
        "count": 1,
        "such_as": ["test: test sample 3 (3) = train: sample 7 (3)"],
    }
    assert "copies to the byte, of one identity" in (run / "log.txt").read_text()
