"""Signals and volumes are trained on like images, by parts of somebody else's; images need not be square."""

import json
import sys
from pathlib import Path

import pytest
from tiny import TINY, train_by

import likeness
from likeness.applications.verify import verify
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config

PARTS = """
import numpy as np
import torch
from torch import nn
from likeness.data.in_memory import InMemory
from likeness.data.images import DataSplits


def bumps(*, spatial_size: list[int], channels: int) -> DataSplits:
    draw = np.random.default_rng(0)

    def part(count):
        identity = np.arange(count).repeat(6)
        centre = draw.uniform(60, 190, (count, channels, *spatial_size))[identity]
        return InMemory(np.clip(centre + draw.normal(0, 20, centre.shape), 0, 255).astype(np.uint8), identity)

    return DataSplits(train=part(12), validation=part(4), test=part(6))


class Conv(nn.Module):
    def __init__(self, *, spatial_size: list[int], channels: int) -> None:
        super().__init__()
        conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[len(spatial_size)]
        self.feature_dim = 4 * int(np.prod([length - 2 for length in spatial_size]))
        self.layers = nn.Sequential(conv(channels, 4, 3), nn.ReLU(), nn.Flatten())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)
"""
TRAINING = [word for word in TINY if not word.startswith(("data.", "backbone."))]


@pytest.fixture(autouse=True)
def _parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bumps_of_any_rank.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bumps_of_any_rank", raising=False)


def overrides(tmp_path: Path, size: str, channels: int) -> list[str]:
    return [
        *TRAINING,
        f"runs_dir={tmp_path / 'runs'}",
        "trust=[bumps_of_any_rank]",
        f"data={{_target_: bumps_of_any_rank.bumps, spatial_size: {size}, channels: {channels}}}",
        f"backbone={{_target_: bumps_of_any_rank.Conv, spatial_size: {size}, channels: {channels}}}",
        "trainer.max_steps=4",
        "trainer.val_check_interval=2",
    ]


def composed_whole(tmp_path: Path, size: str, channels: int) -> list[str]:
    """The same with whole nodes in place of those of the defaults."""
    words = overrides(tmp_path, size, channels)
    nodes = [word for word in words if word.startswith(("data=", "backbone="))]
    rest = [word for word in words if word not in nodes]
    return ["~data", "~backbone", *(f"+{word}" for word in nodes), *rest]


@pytest.mark.parametrize(("size", "channels"), [("[20]", 2), ("[9, 7]", 5), ("[6, 5, 4]", 1)])
def test_any_rank_and_any_number_of_channels_is_trained_on(size: str, channels: int, tmp_path: Path) -> None:
    run = train_by(composed_whole(tmp_path, size, channels))
    results = json.loads((run / "results.json").read_text())
    assert results["trained"]["verification/accuracy"]["count"] == 40
    figures = {path.stem for path in (run / "figures").glob("*.png")}
    assert {"roc", "distances", "training"} <= figures
    assert "hardest_pairs" not in figures  # nothing that a reader could look at
    assert (run / "report.html").is_file()
    encoder = likeness.load(run, trust=["bumps_of_any_rank"])
    import torch

    wanted = (channels, *json.loads(size))
    assert encoder.encode(torch.rand(3, *wanted)).shape == (3, 128)
    with pytest.raises(LikenessError, match="add --trust bumps_of_any_rank"):
        likeness.load(run)


@pytest.mark.parametrize(
    ("size", "word", "said"),
    [
        ("[20]", "evaluation.flip=true", "evaluation.flip=true takes two-dimensional images alone"),
        ("[6, 5, 4]", "evaluation.flip=true", "evaluation.flip=true takes two-dimensional images alone"),
        (
            "[20]",
            "embedder.test_time_augmentation=4",
            "embedder.test_time_augmentation=4 takes two-dimensional images alone",
        ),
        (
            "[9, 7]",
            "embedder.test_time_augmentation=8",
            "embedder.test_time_augmentation=8 takes square images",
        ),
        ("[20]", "channels_last=true", "channels_last=true is for images, of a spatial_size"),
        ("[20]", "augment=flip", "augment.flip is for images, of a spatial_size"),
    ],
)
def test_what_is_for_images_alone_is_refused_before_training(
    size: str, word: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(LikenessError, match=f"^{said}"):
        training_config([*composed_whole(tmp_path, size, 1), word])


def test_image_files_are_not_verified_by_an_encoder_of_signals(tmp_path: Path) -> None:
    run = train_by([*composed_whole(tmp_path, "[9, 7]", 2), "evaluation.far=0.5"])
    encoder = likeness.load(run, trust=["bumps_of_any_rank"])
    with pytest.raises(LikenessError, match="was not trained on images: an image file has 1 channel"):
        verify(encoder, run, tmp_path / "a.png", tmp_path / "a.png")


def test_drawn_faces_and_quarter_turns_are_square() -> None:
    with pytest.raises(
        LikenessError, match=r"^backbone\.spatial_size=\[64, 48\]: drawn_faces takes square images alone"
    ):
        training_config(["backbone.spatial_size=[64,48]"])
    config = training_config(["backbone.spatial_size=[64,64]"])
    assert config.plain()["data"]["image_size"] == 64
    words = [
        "backbone=double_conv",
        "data=omniglot",
        "data.quarter_turns=true",
        "backbone.spatial_size=[64,48]",
    ]
    with pytest.raises(LikenessError, match=r"^data\.quarter_turns takes square images alone"):
        training_config(words)


@pytest.mark.parametrize("size", ["wide", "2.5", "[20.5]"])
def test_a_size_that_is_none_is_said_of_other_people_s_parts_too(size: str, tmp_path: Path) -> None:
    words = composed_whole(tmp_path, "[20]", 1)
    with pytest.raises(LikenessError, match="spatial_size"):
        training_config([*words, f"backbone.spatial_size={size}"])


def test_images_need_not_be_square(tmp_path: Path) -> None:
    from PIL import Image

    for person in range(8):
        for number in range(4):
            path = tmp_path / "faces" / str(person) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (50 + number, 40), (30 * person, 50 * number, 90)).save(path)
    size = "backbone.spatial_size=[32,24]"
    data = [
        "data=image_folder",
        f"data.root={tmp_path / 'faces'}",
        "data.split=[0.5,0,0.5]",
        "backbone.width=4",
    ]
    small = ["evaluation.pairs=20", "evaluation.folds=2", "sampler.identities=2", "trainer.max_steps=2"]
    run = train_by([*TRAINING, *data, size, f"runs_dir={tmp_path / 'runs'}", *small])
    assert json.loads((run / "run.json").read_text())["status"] == "finished"


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ("[32]", "takes two-dimensional images alone"),
        ("[32,32,32]", "takes two-dimensional images alone"),
        ("[0,32]", "spatial_size"),
        ("4", "has a side that is not of 8 to 4096 pixels"),
    ],
)
def test_a_size_that_a_part_can_not_take_is_said(size: str, sentence: str) -> None:
    with pytest.raises(LikenessError) as error:
        training_config(["data=image_folder", "data.root=x", f"backbone.spatial_size={size}"])
    assert sentence in str(error.value)


@pytest.mark.parametrize("backbone", ["timm", "torchvision", "koch", "vgg16", "iresnet"])
@pytest.mark.parametrize(("data", "size"), [("drawn_signals", "[2048]"), ("drawn_solids", "[24,24,24]")])
@pytest.mark.parametrize(
    "more", [["backbone.channels=1"], ["+backbone.width=3"]], ids=["statistics of images", "a key of others"]
)
def test_networks_for_images_say_so(backbone: str, data: str, size: str, more: list[str]) -> None:
    words = [f"data={data}", f"backbone={backbone}", f"backbone.spatial_size={size}", *more]
    with pytest.raises(LikenessError, match=f": backbone={backbone} takes two-dimensional images alone"):
        training_config(words)


def test_a_layer_of_volumes_without_a_steady_gradient_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch import nn

    from likeness.recipes import network_layout

    config = training_config(["trainer.deterministic=true"])
    network = nn.Sequential(nn.Conv3d(1, 2, 3), nn.MaxPool3d(2))
    network_layout.refuse_unsteady(network, config.trainer)  # on a CPU it is steady
    monkeypatch.setattr(network_layout, "device_of", lambda _: torch.device("cuda"))
    with pytest.raises(LikenessError, match="layer 1, a MaxPool3d, has no deterministic gradient on a GPU"):
        network_layout.refuse_unsteady(network, config.trainer)
    network_layout.refuse_unsteady(nn.Sequential(nn.Conv3d(1, 2, 3, stride=2)), config.trainer)
    warned = training_config(["trainer.deterministic=warn"])
    network_layout.refuse_unsteady(network, warned.trainer)
