"""Detectors by name, and the published one on a photograph by the real command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.nn import functional
from typer.testing import CliRunner

from likeness.applications import detectors
from likeness.applications.detectors import LEAST_SCORE, detector_named
from likeness.cli import app
from likeness.data.alignment import TEMPLATE
from likeness.data.style.image_file import read_image
from likeness.errors import LikenessError
from likeness.models.detectors import MTCNN
from likeness.models.detectors.mtcnn import SMALLEST_FACE


def test_a_detector_that_is_not_known_is_told_with_the_nearest() -> None:
    with pytest.raises(LikenessError, match=r"no detector called mtccn: did you mean mtcnn\?"):
        detector_named("mtccn")


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
