"""Detectors by name, and the published one on a photograph by the real command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional
from typer.testing import CliRunner

from likeness.applications import detectors
from likeness.applications.detectors import LEAST_SCORE, detector_named
from likeness.cli import app
from likeness.config.schema.detection import DetectionConfig
from likeness.data.alignment import TEMPLATE
from likeness.data.drawn_scenes import drawn_scenes
from likeness.data.image_as_shown import read_image
from likeness.errors import LikenessError
from likeness.models.detectors import MTCNN, Detections
from likeness.models.detectors.mtcnn import SMALLEST_FACE
from likeness.recipes.choose import config_of, recipe_of, training_config
from likeness.recipes.detection.build import build_trained
from likeness.runs.run import train


def test_a_detector_that_is_not_known_is_told_with_the_nearest() -> None:
    with pytest.raises(
        LikenessError, match=r"no detector called mtccn, nor a folder of a run: did you mean mtcnn\?"
    ):
        detector_named("mtccn")


def test_a_detector_s_name_means_it_where_a_folder_has_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `runs/`, where the runs of +experiment=mtcnn lie."""
    monkeypatch.chdir(tmp_path)
    Path("mtcnn").mkdir()
    with pytest.raises(LikenessError, match=r"it needs pnet\.pt, rnet\.pt, onet\.pt"):
        detector_named("mtcnn", tmp_path)


def test_weights_that_are_missing_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"it needs pnet\.pt, rnet\.pt, onet\.pt"):
        detector_named("mtcnn", tmp_path)


def test_the_options_of_the_commands_reach_the_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, object]] = []

    def published(weights: object, **options: object) -> None:
        asked.append((weights, options))
        raise ValueError("enough")

    monkeypatch.setattr(detectors, "published_mtcnn", published)
    for command in ("detect", "align"):
        words = [command, "a.jpg", "-o", str(tmp_path / "out")]
        CliRunner().invoke(app, words)
        own = ["--weights", "W", "--smallest-face", "33", "--least-score", "0.9"]
        CliRunner().invoke(app, [*words, *own])
    usual = (None, {"smallest_face": SMALLEST_FACE, "thresholds": (0.6, 0.7, LEAST_SCORE)})
    chosen = (Path("W"), {"smallest_face": 33, "thresholds": (0.6, 0.7, 0.9)})
    assert asked == [usual, chosen, usual, chosen]


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        ([], [64]),
        (["--mirrored"], [64, -64]),
        (["--scale", "0.5", "--scale", "2"], [32, 128]),
        (["--scale", "0.5", "--mirrored"], [32, -32]),
    ],
)
def test_an_image_is_looked_at_as_the_commands_say(
    words: list[str], sides: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def looks(images: list[torch.Tensor]) -> list[Detections]:
        """Notes the width of what it sees, with a minus where it is mirrored."""
        left, right = images[0][0].float().mean(0)[[0, -1]].tolist()
        seen.append(images[0].shape[2] if left < right else -images[0].shape[2])
        return [Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2))]

    monkeypatch.setattr(detectors, "published_mtcnn", lambda *_, **__: looks)
    Image.linear_gradient("L").rotate(90).resize((64, 48)).save(tmp_path / "photo.png")
    done = CliRunner().invoke(
        app, ["detect", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out"), *words]
    )
    assert done.exit_code == 0, done.exception
    assert seen == sides


SMALL = [
    "data.scenes=2",
    "data.validation_scenes=0",
    "data.test_scenes=1",
    "data.spatial_size=96",
    "sampler.side=64",
    "sampler.batch_size=2",
    "evaluation.resamples=10",
    "loader.workers=0",
    "trainer.max_steps=2",
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of MTCNN, and one of HR, whose faces have no points of their own."""
    folder = tmp_path_factory.mktemp("runs")
    hr = ["detector.weights=null", "detector.number_of_templates=2", "task.test_scales=[1.0]"]
    overrides = {"mtcnn": ["task.windows=8"], "tiny_faces": hr}
    found = {}
    for name, own in overrides.items():
        config = training_config([f"+experiment={name}", *SMALL, *own, f"runs_dir={folder}"])
        found[name] = train(config, recipe_of(config))
    return found


def test_a_run_s_detector_finds_what_the_run_was_measured_with(runs: dict[str, Path]) -> None:
    image = drawn_scenes(scenes=1, validation_scenes=0, test_scenes=1, seed=5, spatial_size=96).test
    assert image is not None
    (scene,) = image.load([0])
    config = config_of(runs["tiny_faces"])
    assert isinstance(config, DetectionConfig)
    (whole,) = build_trained(config, runs["tiny_faces"]).detector([scene.image])
    for least in (0.0, float(whole.scores.median())):
        (found,) = detector_named(str(runs["tiny_faces"]), least_score=least)([scene.image])
        kept = whole.scores >= least
        assert torch.equal(found.boxes, whole.boxes[kept])
        assert torch.equal(found.scores, whole.scores[kept])
    (usual,) = detector_named(str(runs["tiny_faces"]))([scene.image])
    assert (usual.scores >= config.evaluation.score).all()


def test_a_run_of_mtcnn_takes_the_smallest_face_and_others_refuse_it(runs: dict[str, Path]) -> None:
    detector_named(str(runs["mtcnn"]), smallest_face=40)
    with pytest.raises(LikenessError, match=r"--smallest-face is an option of MTCNN, which .* did not train"):
        detector_named(str(runs["tiny_faces"]), smallest_face=40)


@pytest.mark.parametrize("command", ["detect", "align"])
def test_the_checkpoint_of_a_detector_s_run_is_chosen_on_purpose(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def built(config: object, run: Path, step: int | None) -> None:
        asked.append(step)
        raise LikenessError("Enough.")

    monkeypatch.setattr(detectors, "config_of", lambda run: DetectionConfig.model_construct())
    monkeypatch.setattr(detectors, "build_trained", built)
    words = [command, "a.jpg", "-o", str(tmp_path / "out")]
    for own in ([], ["--checkpoint", "3"]):
        CliRunner().invoke(app, [*words, "--detector", str(tmp_path), *own])
    assert asked == [None, 3]
    done = CliRunner().invoke(app, [*words, "--checkpoint", "3"])
    assert "--checkpoint is of a run that trained a detector, and mtcnn is none: leave it out." in done.output


def test_faces_without_points_are_not_aligned_without_weights(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likeness.models.detectors.mtcnn_weights.find_spec", lambda _: None)
    Image.new("RGB", (60, 60)).save(tmp_path / "photo.png")
    words = ["align", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*words, "--detector", str(runs["tiny_faces"])])
    assert "This detector gives no points, and MTCNN's can't be had" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"is no run's folder"):
        detector_named(str(tmp_path))


@pytest.mark.real_data
def test_a_run_s_faces_get_the_points_of_the_published_network(
    runs: dict[str, Path], real_data: Path
) -> None:
    image = read_image(real_data / "pictures" / "content" / "astronaut.jpg").image
    weights = real_data / "weights"
    (found,) = detector_named(str(runs["tiny_faces"]), weights, least_score=0.0)([image])
    published = detector_named("mtcnn", weights)
    assert isinstance(published, MTCNN)
    (face,) = published([image])
    assert found.points.shape == (len(found.boxes), 5, 2)
    assert found.points.isfinite().all()
    again = published.points(image, face.boxes)
    side = float((face.boxes[0, 2:] - face.boxes[0, :2]).max())
    assert float((again - face.points).norm(dim=2).max()) < 0.06 * side


@pytest.mark.real_data
def test_faces_that_others_aligned_have_their_points_at_the_template(real_data: Path) -> None:
    """Half a pixel from the published numbers, in the middle of many faces: these count from a pixel's centre."""
    detector = detector_named("mtcnn", real_data / "weights", smallest_face=50)
    apart = []
    for path in sorted((real_data / "celeba").glob("*/*.jpg"))[::90]:
        image = functional.pad(read_image(path).image, (40, 40, 40, 40))
        points = detector([image])[0].points
        apart += [points[0].numpy() - 40 - TEMPLATE] if len(points) else []
    assert len(apart) > 60
    assert np.abs(np.median(np.concatenate(apart), axis=0)).max() < 0.35


@pytest.mark.real_data
def test_a_turned_photograph_gives_the_same_face(real_data: Path, tmp_path: Path) -> None:
    """Found by the published networks in a photograph and in the photograph turned by 15 degrees."""
    whole = Image.open(real_data / "pictures" / "content" / "astronaut.jpg")
    photos = tmp_path / "photos"
    photos.mkdir()
    whole.save(photos / "upright.png")
    whole.rotate(15, Image.Resampling.BICUBIC).save(photos / "turned.png")
    weights = ["--weights", str(real_data / "weights")]
    done = CliRunner().invoke(app, ["align", str(photos), "-o", str(tmp_path / "aligned"), *weights])
    assert done.output.startswith("2 aligned faces of 2 photographs"), done.output
    one, other = (
        read_image(tmp_path / "aligned" / f"{name}.png").image[:, 20:100, 20:100].float()
        for name in ("upright", "turned")
    )
    assert np.corrcoef(one.flatten(), other.flatten())[0, 1] > 0.95
    done = CliRunner().invoke(app, ["detect", str(photos), "-o", str(tmp_path / "out"), *weights])
    images = json.loads((tmp_path / "out" / "detections.json").read_text())["images"]
    assert [len(image["faces"]) for image in images] == [1, 1]
    assert isinstance(detector_named("mtcnn", real_data / "weights"), MTCNN)
