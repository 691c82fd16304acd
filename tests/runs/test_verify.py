"""Two images are judged by a run, with the threshold that it chose on its validation people."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from killing import OVERRIDES, finish, only_run
from PIL import Image
from sample_images import sample_image
from torch import Tensor
from typer.testing import CliRunner

from likeness.applications import detectors
from likeness.applications.encoder import load
from likeness.applications.verify import Verification, face_in, verify
from likeness.cli import app
from likeness.data.alignment import TEMPLATE, aligned
from likeness.data.decode import decode
from likeness.data.drawn_faces import drawn_faces
from likeness.data.image_as_shown import read_image
from likeness.errors import LikenessError
from likeness.models.detectors import Detections
from likeness.runs.record.record_file import read_record, write_record
from likeness.runs.record.sealed import hashes_of_files

FAR = 0.1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, above two images of one person and one of another."""
    folder = tmp_path_factory.mktemp("verify")
    assert finish([f"runs_dir={folder}", *OVERRIDES, f"evaluation.far={FAR}"]) == 0
    overrides = {
        "identities": 2,
        "pictures_per_identity": 2,
        "validation_identities": 2,
        "test_identities": 2,
    }
    faces = drawn_faces(**overrides, seed=5, image_size=48, channels=3).train
    assert faces is not None
    for number, face in enumerate(faces.load([0, 1, 2])):
        Image.fromarray(face.permute(1, 2, 0).numpy()).save(folder / f"{number}.png")
    return only_run(folder)


def judged(run: Path, first: str, second: str) -> Verification:
    above = run.parents[1]
    return verify(load(run), run, above / first, above / second)


def test_the_verdict_is_the_threshold_s_and_the_probability_the_calibration_s(run: Path) -> None:
    operating_point = json.loads((run / "operating_point.json").read_text())
    assert operating_point["far"] == FAR
    itself = judged(run, "0.png", "0.png")
    assert (itself.same, itself.distance) == (True, 0)
    assert itself.probability == pytest.approx(1 / (1 + math.exp(-operating_point["bias"])))
    for second in ("1.png", "2.png"):
        found = judged(run, "0.png", second)
        assert found.distance > 0
        assert found.same == (found.distance < operating_point["threshold"])
        odds = operating_point["bias"] - operating_point["scale"] * found.distance
        assert found.probability == pytest.approx(1 / (1 + math.exp(-odds)))
        assert judged(run, second, "0.png").distance == pytest.approx(found.distance, rel=1e-5)


def test_the_results_tell_what_the_judge_is_worth(run: Path) -> None:
    measured = json.loads((run / "results.json").read_text())
    assert {"decision/far", "decision/tar", "calibration/ece"} <= measured["trained"].keys()
    assert "calibration/ece" not in measured["untrained"]
    assert (run / "figures" / "calibration.png").is_file()


def test_the_command_says_it(run: Path, command) -> None:
    above = run.parents[1]
    done = command("-m", "likeness.cli", "verify", above / "0.png", above / "0.png", "--run", run)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "the same identity"
    assert lines[2].startswith(
        "distance     0 (squared Euclidean distance of embeddings), below the threshold"
    )
    assert lines[3].startswith("threshold    at 10.00% false accept rate (chosen on ")


def test_what_can_not_be_judged_is_one_sentence(run: Path) -> None:
    with pytest.raises(LikenessError, match=r"^\S+9\.png is missing"):
        judged(run, "0.png", "9.png")
    path, record = run / "operating_point.json", read_record(run)
    whole = path.read_text()
    try:
        path.write_text(json.dumps({**json.loads(whole), "threshold": None}))
        write_record(run, {**record, "files": hashes_of_files(run)})
        with pytest.raises(
            LikenessError, match=r"no threshold for a false accept rate of 0\.1: its \d+ valid"
        ):
            judged(run, "0.png", "1.png")
        path.write_text(whole[:20])
        write_record(run, {**record, "files": hashes_of_files(run)})
        with pytest.raises(LikenessError, match=r"operating_point\.json can't be read \(JSONDecodeError\)"):
            judged(run, "0.png", "1.png")
        path.unlink()
        write_record(run, {**record, "files": hashes_of_files(run)})
        with pytest.raises(LikenessError, match="has chosen no threshold for these weights: it did not fin"):
            judged(run, "0.png", "1.png")
    finally:
        path.write_text(whole)
        write_record(run, record)


# Photographs

SMALL, LARGE = (
    torch.tensor(TEMPLATE / 4 + 3).float(),
    torch.tensor(TEMPLATE[:, ::-1] * [1, -1] / 2 + [20, 90]).float(),
)
"""Points of a face, and those of a larger one that lies on its side."""


def two_faces(images: Sequence[Tensor]) -> list[Detections]:
    """The same two faces in any image, the smaller one the surer; none in a small image."""
    boxes, scores = torch.tensor([[3.0, 3, 31, 31], [20, 34, 76, 90]]), torch.tensor([0.99, 0.9])
    points = torch.stack([SMALL, LARGE])
    found = [slice(0 if image.shape[2] < 100 else 2) for image in images]
    return [Detections(boxes[kept], scores[kept], points[kept]) for kept in found]


def photograph(path: Path, seed: int) -> Path:
    sample_image((120, 100), seed=seed).save(path)
    return path


def test_photographs_are_judged_by_their_largest_faces(run: Path, tmp_path: Path) -> None:
    encoder = load(run)
    photographs = [photograph(tmp_path / f"{seed}.png", seed) for seed in range(2)]
    crops = []
    for path in photographs:
        crop = aligned(read_image(path).image, LARGE, encoder.config.backbone.spatial_size)
        crops.append(tmp_path / f"crop-{path.name}")
        Image.fromarray(crop.permute(1, 2, 0).numpy()).save(crops[-1])
    found = verify(encoder, run, photographs[0], photographs[1], two_faces)
    assert found == verify(encoder, run, crops[0], crops[1])
    assert found.distance != verify(encoder, run, photographs[0], photographs[1]).distance


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [40, (40, 28), (28, 40)])
def test_a_face_has_the_encoder_s_size_and_channels(channels: int, size, tmp_path: Path) -> None:
    """As if its aligned square had been a file."""
    path = photograph(tmp_path / "a.png", 0)
    square = aligned(read_image(path).image, LARGE, 40)
    Image.fromarray(square.permute(1, 2, 0).numpy()).save(tmp_path / "square.png")
    expected = decode(tmp_path / "square.png", spatial_size=size, channels=channels)
    found = face_in(path, two_faces, spatial_size=size, channels=channels)
    assert (found.shape, found.dtype) == (expected.shape, torch.uint8)
    assert (found.int() - expected.int()).abs().max() <= 1


def test_a_photograph_without_a_face_is_one_sentence(run: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(detectors, "published_mtcnn", lambda *arguments, **options: two_faces)
    first, empty = photograph(tmp_path / "a.png", 0), tmp_path / "empty.png"
    sample_image((40, 40)).save(empty)
    overrides = ["verify", str(first), str(empty), "--run", str(run)]
    done = CliRunner().invoke(app, [*overrides, "--detector", "mtcnn"])
    assert done.exit_code == 1
    assert "No face was found in " in done.output
    assert done.output.endswith(
        "empty.png: take another photograph, or leave --detector out if it is cropped already.\n"
    )
    overrides[2] = str(first)
    done = CliRunner().invoke(app, [*overrides, "--detector", "mtcnn"])
    assert done.output.startswith("the same identity\n"), done.output
    done = CliRunner().invoke(app, [*overrides, "--weights", str(tmp_path)])
    assert "--weights are a detector's" in done.output
    done = CliRunner().invoke(app, [*overrides, "--detector", "MTCNN2"])
    assert "There is no detector called MTCNN2, nor a folder of a run: " in done.output
