"""The real command lines, as a user types them."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import warm
from forked_ranks import forked_ranks_from_now_on
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError
from PIL import Image

from likeness.applications.gallery.bound_encoder import encoder_at
from likeness.command import train_from_command_line
from likeness.config.groups import CONF
from likeness.errors import LikenessError
from likeness.recipes.embedding.evaluate import evaluate_file
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.training.checkpoints import newest_checkpoint

TRAIN = str(CONF.parent / "train.py")
CLI = ["-m", "likeness.cli"]
SMALL = [
    "data.identities=12",
    "data.pictures_per_identity=6",
    "data.validation_identities=2",
    "data.test_identities=6",
    "sampler.identities=4",
    "sampler.images=3",
    "trainer.max_steps=3",
    "trainer.val_check_interval=3",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def weights(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    return checkpoint.weights


def test_a_run_ends_with_the_table_and_its_folder(command, tmp_path: Path) -> None:
    done = command(TRAIN, "+experiment=triplet_hard", *SMALL, "logger=[wandb,tensorboard]")
    assert done.returncode == 0, done.stderr
    for heading in ("trained", "untrained", "raw pixels", "accuracy", "precision@1"):
        assert heading in done.stdout
    run = tmp_path / last_line(done.stdout)
    assert run.parent.parent == tmp_path / "runs"
    assert json.loads((run / "run.json").read_text())["status"] == "finished"
    assert list((run / "tensorboard").glob("events*"))
    assert list((run / "wandb").glob("offline-run-*")), done.stdout + done.stderr


def test_a_wrong_word_is_one_sentence_and_leaves_nothing(warm_command, tmp_path: Path) -> None:
    done = warm_command(TRAIN, "+experiment=triplet_hard", "loss.margn=0.3")
    assert done.returncode == 1
    assert done.stderr == "likeness: Unknown key loss.margn: did you mean margin?\n"
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_in_a_run_is_not_told_as_a_wrong_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def faulty(recipe: EmbeddingRecipe) -> object:
        config = OmegaConf.create({"key": 1})
        OmegaConf.set_struct(config, True)
        return config.no_such_key

    monkeypatch.setattr(EmbeddingRecipe, "fingerprints", property(faulty))
    monkeypatch.setattr(sys, "argv", [TRAIN, "+experiment=triplet_hard", f"runs_dir={tmp_path}"])
    with pytest.raises(ConfigAttributeError, match="no_such_key"):
        train_from_command_line()


def test_a_missing_root_is_one_sentence(warm_command, tmp_path: Path) -> None:
    done = warm_command(TRAIN, "data=image_folder", "data.root=nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("likeness: ")
    assert "nowhere" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("task", ["task=embedding", "task=similarity"])
def test_two_devices_train_as_one_does(task: str, warm_command, tmp_path: Path) -> None:
    overrides = [
        TRAIN,
        *SMALL,
        task,
        "backbone=timm",
        "backbone.name=convnext_atto",
        "backbone.spatial_size=32",
        "optimizer=sgd",
    ]
    one = warm_command(*overrides)
    of_two = [*overrides, "trainer.devices=2"]
    two = warm.run(of_two, tmp_path, {"OMP_NUM_THREADS": "1"}, forked_ranks_from_now_on)
    assert two.returncode == 0, two.stderr
    alone, together = (weights(tmp_path / last_line(done.stdout)) for done in (one, two))
    for name, value in alone.items():
        assert torch.allclose(together[name], value, rtol=1e-4, atol=1e-6), name


def test_an_onnx_encoder_is_evaluated(command, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    flatten = helper.make_node("Flatten", ["x"], ["y"], axis=1)
    graph = helper.make_graph(
        [flatten],
        "pixels",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 768])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "[somebody's].onnx")
    random = np.random.default_rng(0)
    for person in range(6):
        (tmp_path / "people" / str(person)).mkdir(parents=True)
        for image in range(4):
            pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "people" / str(person) / f"{image}.png")
    overrides = ["data=image_folder", "data.root=people", "data.split=[0,0,1]", "backbone.spatial_size=16"]
    overrides += [
        "backbone.mean=[0,0,0]",
        "backbone.std=[1,1,1]",
        "backbone.normalize=false",
        "evaluation.resamples=20",
    ]
    done = command(*CLI, "evaluate", "[somebody's].onnx", *overrides)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / last_line(done.stdout) / "results.json").read_text())
    # An encoder that hands on the pixels measures what raw pixels measure.
    pixels, raw = (results[name]["verification/auc"]["value"] for name in ("[somebody's]", "raw pixels"))
    assert pixels == pytest.approx(raw, abs=1e-6)
    assert "[somebody's]" in done.stdout  # at the head of its column
    assert os.sep in last_line(done.stdout)


@pytest.mark.parametrize(
    "override",
    ["backbone=resnet18", "backbone._target_=os.system", "backbone.path=other.onnx", "head=chi_squared"],
)
def test_another_network_beside_an_onnx_file_is_one_sentence(override: str, tmp_path: Path) -> None:
    path = tmp_path / "ENCODER.ONNX"
    for refusing in (lambda: evaluate_file(path, [override]), lambda: encoder_at(path, [override])):
        with pytest.raises(LikenessError) as caught:
            refusing()
        assert str(caught.value) == (
            f"{override} can't be changed: {path} is the whole network; backbone.spatial_size, channels, mean, std and "
            "normalize say how it takes images."
        )


def test_an_onnx_file_is_one_in_any_case_of_its_suffix(warm_command, tmp_path: Path) -> None:
    (tmp_path / "ENCODER.ONNX").write_bytes(b"no model")
    (tmp_path / "pairs.csv").write_text("".join(f"a{i}.png,b{i}.png,{i % 2}\n" for i in range(20)))
    for i in range(20):
        for name in "ab":
            Image.new("RGB", (16, 16), (i, i, i)).save(tmp_path / f"{name}{i}.png")
    overrides = ["data=pairs", "data.path=pairs.csv", "backbone.spatial_size=16"]
    done = warm_command(*CLI, "evaluate", "ENCODER.ONNX", *overrides)
    assert done.returncode == 1
    assert done.stderr.startswith("likeness: ENCODER.ONNX is not an ONNX model that can be run")


def test_what_is_no_run_is_said(warm_command) -> None:
    done = warm_command(*CLI, "evaluate", "nothing", "data=lfw")
    assert done.returncode == 1
    assert done.stderr == (
        "likeness: nothing is neither a run's folder (it has no config.yaml) nor an .onnx or .safetensors file.\n"
    )
