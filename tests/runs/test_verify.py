"""Two images are judged by a run, with the threshold that it chose on its validation people."""

import json
import math
from pathlib import Path

import pytest
from killing import OVERRIDES, finish, only_run
from PIL import Image

from likeness.applications.encoder import load
from likeness.applications.verify import Verification, verify
from likeness.data.drawn_faces import drawn_faces
from likeness.errors import LikenessError

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
    assert lines[0] == "the same person"
    assert lines[2].startswith(
        "distance     0 (squared Euclidean distance of embeddings), below the threshold"
    )
    assert lines[3].startswith("threshold    at 10.00% false accept rate (chosen on ")


def test_what_can_not_be_judged_is_one_sentence(run: Path) -> None:
    with pytest.raises(LikenessError, match=r"^\S+9\.png is missing"):
        judged(run, "0.png", "9.png")
    path = run / "operating_point.json"
    whole = path.read_text()
    try:
        path.write_text(json.dumps({**json.loads(whole), "threshold": None}))
        with pytest.raises(
            LikenessError, match=r"no threshold for a false accept rate of 0\.1: its \d+ valid"
        ):
            judged(run, "0.png", "1.png")
        path.write_text(whole[:20])
        with pytest.raises(LikenessError, match=r"operating_point\.json can't be read \(JSONDecodeError\)"):
            judged(run, "0.png", "1.png")
        path.unlink()
        with pytest.raises(
            LikenessError, match="has chosen no threshold: it did not finish, or had no valid"
        ):
            judged(run, "0.png", "1.png")
    finally:
        path.write_text(whole)
