"""`likeness export`: the file gives what the run gives, everything that takes a run takes it, or it is not written."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from blank_figures import blank_figures
from sklearn.datasets import load_sample_images
from tiny import TINY, train_by
from torch import Tensor
from torchvision.transforms.functional import resize

import likeness
from likeness.applications import export as exporting
from likeness.applications.export import ExportedFile, export, write_onnx, write_safetensors
from likeness.applications.gallery.bound_encoder import encoder_at
from likeness.errors import LikenessError
from likeness.models.onnx_file import onnx_bytes
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.evaluate import evaluate_file, evaluate_run
from likeness.recipes.embedding.networks import build_networks
from likeness.recipes.embedding.trained import Trained, trained_at

DATA = [word for word in TINY if word.startswith(("data.", "evaluation."))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    more = ["embedder.batch_norm=true", "evaluation.flip=true", "evaluation.far=0.5"]
    return train_by([*TINY, "trainer.max_steps=2", f"runs_dir={folder}", *more])


@pytest.fixture(scope="module")
def files(run: Path) -> dict[str, Path]:
    return {suffix: export(run, run.parent / f"encoder.{suffix}").path for suffix in ("onnx", "safetensors")}


def photographs() -> Tensor:
    """Crops of two photographs, uint8 `[6, 3, 32, 32]`."""
    whole = [torch.tensor(image).permute(2, 0, 1) for image in load_sample_images().images]
    return torch.stack(
        [resize(image[:, y : y + 200, y : y + 200], [32, 32]) for image in whole for y in (0, 100, 220)]
    )


def trained_by(overrides: Sequence[str]) -> Trained:
    """Networks as the seed draws them."""
    config = training_config([*overrides])
    return Trained(config, build_networks(config), None)  # type: ignore[arg-type]


def embeddings(path: Path, images: Tensor) -> Tensor:
    """What ONNX Runtime alone makes of floats in [0, 1]."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


@pytest.mark.parametrize("count", [1, 2, 6])
def test_other_programs_get_the_embeddings_of_the_run(run: Path, files: dict[str, Path], count: int) -> None:
    for images in (photographs()[:count], torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8)):
        wanted = likeness.load(run).encode(images)
        assert torch.allclose(embeddings(files["onnx"], images / 255), wanted, rtol=0, atol=1e-5)
        assert torch.equal(likeness.load(files["safetensors"]).encode(images), wanted)


def test_galleries_take_the_file_as_the_run(run: Path, files: dict[str, Path]) -> None:
    images = photographs()
    own, onnx, safetensors = (encoder_at(place) for place in (run, files["onnx"], files["safetensors"]))
    assert safetensors.identity == own.identity  # so that a gallery of the run takes it
    assert np.allclose(onnx.encode([*images]), own.encode([*images]), rtol=0, atol=1e-5)
    assert (onnx.spatial_size, onnx.channels) == ([32, 32], 3)


def test_an_evaluation_of_the_file_is_that_of_the_run(run: Path, files: dict[str, Path]) -> None:
    place = [f"runs_dir={run.parent}/measured", "evaluation.resamples=20", "evaluation.pairs=40"]
    wanted = json.loads((run / "results.json").read_text())["trained"]
    with blank_figures():
        again = evaluate_run(files["safetensors"], place)
        other = evaluate_file(files["onnx"], [*place, *DATA, "identification=gallery"])
    found = json.loads((again / "results.json").read_text())["encoder"]
    assert {metric: value for metric, value in found.items() if metric in wanted} == wanted
    measured = json.loads((other / "results.json").read_text())["encoder"]
    for metric in ("verification/accuracy", "verification/auc", "retrieval/map@r"):
        assert measured[metric]["value"] == pytest.approx(wanted[metric]["value"], abs=0.02)


def test_the_operating_point_comes_along(run: Path, files: dict[str, Path]) -> None:
    point = likeness.load(run).operating_point
    assert point is not None
    assert likeness.load(files["safetensors"]).operating_point == point


def test_a_name_in_capitals_is_read_again(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "E.SAFETENSORS")
    likeness.load(tmp_path / "E.SAFETENSORS")


@pytest.mark.parametrize(
    "overrides",
    [
        ["embedder.test_time_augmentation=8"],
        ["task=similarity", "head=chi_squared", "loss=cross_entropy", "embedder.activation=softplus"],
        ["+experiment=triplet_signals"],
        ["+experiment=triplet_solids", "backbone.spatial_size=[16,16,16]"],
        ["backbone=timm", "backbone.name=test_vit", "backbone.spatial_size=64"],
        ["backbone=lecture_conv", "backbone.spatial_size=64"],
    ],
    ids=["views", "head", "signals", "volumes", "transformer", "lecture"],
)
def test_every_kind_of_encoder_is_written(overrides: list[str], tmp_path: Path) -> None:
    trained = trained_by(overrides)
    onnx = write_onnx(trained, tmp_path / "e.onnx")
    assert onnx.difference <= 1e-5
    assert (onnx.left_out is None) == (trained.networks.head is None)
    whole: ExportedFile = write_safetensors(trained, tmp_path / "e.safetensors")
    assert whole.difference == 0
    again = trained_at(tmp_path / "e.safetensors").networks
    assert again.weights.keys() == trained.networks.weights.keys()
    assert all(torch.equal(value, again.weights[name]) for name, value in trained.networks.weights.items())


def test_a_file_that_is_not_equal_gets_no_name(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = exporting.Measured(trained_by(TINY)).eval()
    monkeypatch.setattr(exporting, "onnx_bytes", lambda _, images, notes: onnx_bytes(other, images, notes))
    with pytest.raises(LikenessError, match=r"is not written: its embeddings differ from the run's by"):
        export(run, tmp_path / "e.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_before_the_end_leaves_no_half_of_a_file(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "e.safetensors").write_text("as it was")
    monkeypatch.setattr(exporting, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        export(run, tmp_path / "e.safetensors", force=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as it was"]


def test_what_is_wrong_is_one_sentence(
    run: Path, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LikenessError, match=r"is no run's folder: it has no config\.yaml"):
        export(tmp_path, tmp_path / "e.onnx")
    with pytest.raises(LikenessError, match=r"has trained no embedding; name a run of task=embedding"):
        export(Path("tests/past_runs/style/20261126-131134-878d"), tmp_path / "e.onnx")
    with pytest.raises(LikenessError, match=r"e\.pt is neither an \.onnx nor a \.safetensors file"):
        export(run, tmp_path / "e.pt")
    with pytest.raises(LikenessError, match=r"is there already; --force overwrites it"):
        export(run, files["onnx"])
    with pytest.raises(LikenessError, match=r"no/e\.onnx can't be written \(No such file or directory\)"):
        export(run, tmp_path / "no" / "e.onnx")
    (tmp_path / "e.yaml").write_text("somebody's own")
    with pytest.raises(LikenessError, match=r"e\.yaml is there already; --force overwrites it"):
        export(run, tmp_path / "e.safetensors")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(LikenessError, match=r"is not installed: pip install 'likeness\[export\]'\.$"):
        export(run, tmp_path / "e.onnx")
    (tmp_path / "f.safetensors").write_bytes(files["safetensors"].read_bytes()[:-9])
    with pytest.raises(LikenessError, match=r"can't be read as weights; is it whole"):
        likeness.load(tmp_path / "f.safetensors")
