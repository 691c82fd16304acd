"""A trained detector measured again: on its own images, and by WIDER FACE's and FDDB's evaluations."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_detection_runs import overrides_for
from test_wider_lists import write_list
from tiny import train_by

from likeness.config.schema.detection import DetectionConfig, DetectionEvaluation
from likeness.data.annotated_faces import wider_face, wider_lists
from likeness.data.faces import Faces
from likeness.data.readable_scenes import ReadableScenes
from likeness.errors import LikenessError
from likeness.evaluation.detection import evaluate_wider
from likeness.models.detectors import Detections
from likeness.recipes.choose import config_of
from likeness.recipes.detection.evaluate import evaluate_run
from likeness.recipes.detection.results import Examined, ListedScenes, measured

BOXES = {"a": [[10, 10, 30, 40], [60, 20, 20, 20], [100, 60, 12, 12]], "b": [[20, 20, 40, 40]]}
"""Left, top, width and height; the third face of a is marked invalid."""


@pytest.fixture(scope="module")
def wider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images of WIDER FACE's validation, and its lists: easy faces are the first ones."""
    root = tmp_path_factory.mktemp("wider")
    images = root / "WIDER_val" / "images" / "0--Parade"
    images.mkdir(parents=True)
    split = root / "wider_face_split"
    split.mkdir()
    lines = []
    for name, boxes in BOXES.items():
        Image.fromarray(np.full((90, 130, 3), 90, np.uint8)).save(images / f"{name}.jpg")
        lines += [f"0--Parade/{name}.jpg", str(len(boxes))]
        for place, box in enumerate(boxes):
            lines.append(f"{' '.join(map(str, box))} 0 0 0 {int(place == 2)} 0 0")
    (split / "wider_face_val_bbx_gt.txt").write_text("\n".join(lines) + "\n")
    write_list(split / "wider_easy_val.mat", {"0--Parade": {"a": [1], "b": [1]}})
    for level in ("medium", "hard"):
        write_list(split / f"wider_{level}_val.mat", {"0--Parade": {"a": [1, 2], "b": [1]}})
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a detector that has hardly learned."""
    folder = tmp_path_factory.mktemp("runs")
    return train_by(overrides_for("mtcnn", folder, "trainer.max_steps=2"))


def own(run: Path) -> DetectionConfig:
    config = config_of(run)
    assert isinstance(config, DetectionConfig)
    return config


def results(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    return json.loads((folder / "results.json").read_text())


def test_its_own_images_give_its_own_numbers(run: Path, tmp_path: Path) -> None:
    again = evaluate_run(run, own(run), [f"runs_dir={tmp_path}"])
    assert results(again) == results(run)
    record = json.loads((again / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["detector"]["path"] == str(run)
    assert (again / "report.html").is_file()


def test_wider_face_and_fddb_are_measured_where_asked(run: Path, wider: Path, tmp_path: Path) -> None:
    words = ["data=wider_face", f"data.root={wider}", "evaluation.fddb=[1,5]", f"runs_dir={tmp_path}"]
    found = evaluate_run(run, own(run), words)
    metrics = results(found)["trained"]
    assert {name: metrics[f"detection/wider_{name}"]["count"] for name in ("easy", "medium", "hard")} == {
        "easy": 2,
        "medium": 3,
        "hard": 3,
    }
    assert {name for name in metrics if "fddb" in name} == {
        f"detection/fddb_{kind}@fp={number}" for kind in ("discrete", "continuous") for number in (1, 5)
    }
    assert {"wider.png", "fddb.png"} <= {path.name for path in (found / "figures").iterdir()}


def found_in(*boxes: list[float]) -> Detections:
    scores = torch.linspace(0.9, 0.6, len(boxes))
    return Detections(torch.tensor(boxes).reshape(-1, 4), scores, torch.full((len(boxes), 5, 2), torch.nan))


def test_the_metrics_are_those_of_the_lists(wider: Path) -> None:
    scenes = ReadableScenes(wider_face(root=str(wider)).test)
    lists = wider_lists(wider)
    # All but the second face of a, and a false one that is the surest.
    found = [
        found_in([90, 0, 100, 9], [10, 10, 40, 50], [100, 60, 112, 72]),
        found_in([20, 20, 60, 60]),
    ]
    loaded: list[Faces] = [scenes.load_good(place).faces for place in range(2)]
    examined = [
        Examined(place, faces, each) for place, (faces, each) in enumerate(zip(loaded, found, strict=True))
    ]
    evaluation = DetectionEvaluation(overlap=0.5, heights=[8], score=0.5, fddb=[1], resamples=10)
    metrics = measured(examined, evaluation, ListedScenes(scenes, lists))
    expected = evaluate_wider(
        *([getattr(each, part) for each in found] for part in ("boxes", "scores")),
        [faces.boxes for faces in loaded],
        {"easy": [[0], [0]], "hard": [[0, 1], [0]]},
        resamples=10,
    )
    assert metrics["detection/wider_easy"] == expected["detection/wider_easy"]
    assert metrics["detection/wider_hard"] == expected["detection/wider_hard"]
    assert metrics["detection/wider_hard"].value < metrics["detection/wider_easy"].value
    # Of three faces that count two are found; what is on the invalid one is neither found nor false.
    assert metrics["detection/fddb_discrete@fp=1"].value == pytest.approx(2 / 3)
    assert metrics["detection/fddb_discrete@fp=1"].count == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["backbone=onnx"], "backbone"),
        (["evaluation.heights=[16,8]"], "must rise"),
        (["evaluation.scores=0.3"], "did you mean"),
        (["trust=[mine]"], "--trust mine"),
    ],
)
def test_what_is_refused(words: list[str], sentence: str, run: Path, tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=sentence):
        evaluate_run(run, own(run), [*words, f"runs_dir={tmp_path}"])
    assert not list(tmp_path.iterdir())


def test_data_without_images_to_test_on_are_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.full((90, 130, 3), 90, np.uint8)).save(tmp_path / "images" / "a.png")
    (tmp_path / "annotations.json").write_text(
        json.dumps([{"file": "a.png", "boxes_xyxy": [[1.0, 2, 30, 40]]}])
    )
    with pytest.raises(LikenessError, match="no images to test on"):
        evaluate_run(run, own(run), ["data=boxes_json", f"data.root={tmp_path}", "data.split=[1,0,0]"])
