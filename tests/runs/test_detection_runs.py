"""Detectors on the path of a run: trained, killed, resumed, reproduced, and what they leave behind."""

import json
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from every_task import DETECTORS
from killing import at_call, finish, left_behind, only_run
from PIL import Image
from tiny import train_by

from likeness.errors import LikenessError
from likeness.recipes.choose import training_config

SMALL = [
    "data.scenes=3",
    "data.validation_scenes=1",
    "data.test_scenes=2",
    "data.spatial_size=96",
    "sampler.side=64",
    "sampler.batch_size=2",
    "evaluation.resamples=10",
    "loader.workers=0",
    "trainer.max_steps=4",
    "trainer.val_check_interval=2",
    "trainer.log_every_n_steps=1",
    "checkpoints.every=2",
]
STEP = "likeness.tasks.detection:DetectionTask.training_step"


def overrides_for(name: str, runs: Path, *more: str) -> list[str]:
    return [f"+experiment={name}", *SMALL, *DETECTORS[name], f"runs_dir={runs}", *more]


@pytest.fixture(scope="module", params=DETECTORS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of a detector and the folder of a run of it that nothing stopped."""
    folder = tmp_path_factory.mktemp(request.param)
    assert finish(overrides_for(request.param, folder)) == 0
    return request.param, only_run(folder)


def test_a_run_leaves_numbers_and_figures(whole: tuple[str, Path]) -> None:
    name, run = whole
    results = json.loads((run / "results.json").read_text())
    assert set(results) == {"trained", *(["in annotated boxes"] if name == "mtcnn" else [])}
    faces = results["trained"]["detection/recall"]["count"]
    bands = [value["count"] for key, value in results["trained"].items() if "recall@" in key]
    assert sum(bands) == faces > 0
    assert {path.stem for path in (run / "figures").iterdir()} >= {
        "precision_recall",
        "heights",
        "found",
        "training",
    }
    logged = (run / "metrics.csv").read_text()
    assert logged.count("train/loss") == 4
    assert logged.count("validation/ap") == 2


def test_a_killed_training_goes_on_to_the_same_bits(whole: tuple[str, Path], tmp_path: Path) -> None:
    name, run = whole
    config = overrides_for(name, tmp_path, "loader.workers=1")
    assert finish(config, partial(at_call, 4, STEP)) == -signal.SIGKILL
    assert finish(config) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(run)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight images of a white square, a face of 30 pixels, on grey, one of which can't be read; and their boxes."""
    folder = tmp_path_factory.mktemp("photographs")
    (folder / "images").mkdir()
    entries = []
    for number in range(8):
        pixels = np.full((80, 100, 3), 90, np.uint8)
        pixels[20:50, 10 + 5 * number : 40 + 5 * number] = 255
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        entries.append({"file": f"{number}.png", "boxes_xyxy": [[10 + 5 * number, 20, 40 + 5 * number, 50]]})
    (folder / "images" / "3.png").write_bytes(b"no image")
    (folder / "annotations.json").write_text(json.dumps(entries))
    return folder


def test_an_unreadable_photograph_is_left_out_and_told(photographs: Path, tmp_path: Path) -> None:
    config = [
        *overrides_for("mtcnn", tmp_path)[:1],
        "data=boxes_json",
        f"data.root={photographs}",
        "data.split=[0.5,0.25,0.25]",
        *(key for key in SMALL if not key.startswith("data.")),
        *DETECTORS["mtcnn"],
        f"runs_dir={tmp_path}",
        "trainer.max_steps=8",
    ]
    run = train_by(config)
    record = json.loads((run / "run.json").read_text())
    assert record["unreadable_images"] == ["3.png"]
    fingerprints = record["data"]
    counted = sum(fingerprints[split]["images"] for split in ("train", "validation", "test"))
    assert counted == 8


LANDMARKS = ["+experiment=landmarks", *SMALL, "task.windows=3"]
LANDMARKS_STEP = "likeness.tasks.detection:LandmarksTask.training_step"


def test_landmarks_are_trained_measured_and_killed_to_the_same_bits(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run = train_by([*LANDMARKS, f"runs_dir={whole}"])
    measured = json.loads((run / "results.json").read_text())["trained"]
    assert set(measured) == {"landmarks/nme", "landmarks/failure@0.1", "landmarks/auc@0.1"}
    assert measured["landmarks/nme"]["count"] > 0
    assert {path.stem for path in (run / "figures").iterdir()} == {"landmarks", "placed", "training"}
    logged = (run / "metrics.csv").read_text()
    assert logged.count("train/loss") == 4
    assert logged.count("validation/nme") == 2
    config = [*LANDMARKS, f"runs_dir={killed}", "loader.workers=1"]
    assert finish(config, partial(at_call, 4, LANDMARKS_STEP)) == -signal.SIGKILL
    assert finish(config) == 0
    assert left_behind(only_run(killed)) == left_behind(run)


def test_images_without_points_have_no_landmarks_to_train(photographs: Path, tmp_path: Path) -> None:
    config = [
        "+experiment=landmarks",
        "data=boxes_json",
        f"data.root={photographs}",
        "data.split=[0.5,0.25,0.25]",
        *(key for key in SMALL if not key.startswith("data.")),
        f"runs_dir={tmp_path}",
    ]
    with pytest.raises(LikenessError, match="has a face with five known points"):
        train_by(config)


def refused(*overrides: str) -> str:
    with pytest.raises(LikenessError) as refusal:
        training_config(overrides)
    return str(refusal.value)


def test_parts_that_do_not_fit_are_refused_before_anything_is_read() -> None:
    assert "task=mtcnn trains detector=mtcnn" in refused("+experiment=mtcnn", "detector=tiny_faces")
    assert "multiples of 128" in refused("+experiment=pyramidbox", "sampler.side=200")
    assert "raise sampler.side or sampler.batch_size" in refused(
        "+experiment=pyramidbox", "sampler.side=128", "sampler.batch_size=2", "trainer.devices=2"
    )
    assert "multiples of 16" in refused("+experiment=tiny_faces", "sampler.side=100")
    assert "can't be shared by 2 sources" in refused(
        "+experiment=mtcnn", "data@extra_data=drawn_scenes", "sampler.batch_size=3"
    )
    assert "must rise" in refused("+experiment=mtcnn", "evaluation.heights=[16,8]")
    assert "did you mean" in refused("+experiment=mtcnn", "task.window=3")


@pytest.mark.parametrize(
    ("group", "split_seed", "what"),
    [("test_data", 1, "trained on and tested on"), ("extra_data", 1, "trained on and (tested|validated) on")],
)
def test_an_image_of_two_splits_is_refused(
    group: str, split_seed: int, what: str, photographs: Path, tmp_path: Path
) -> None:
    config = ["+experiment=mtcnn", "data=boxes_json", f"data@{group}=boxes_json", f"runs_dir={tmp_path}"]
    for part, seed in (("data", 0), (group, split_seed)):
        config += [f"{part}.root={photographs}", f"{part}.split=[0.5,0.25,0.25]", f"{part}.split_seed={seed}"]
    with pytest.raises(LikenessError, match=rf"\.png is both {what}"):
        train_by(config)
    assert not list(tmp_path.iterdir())
