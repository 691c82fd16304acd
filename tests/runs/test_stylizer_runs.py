"""Networks that paint: trained on the path of a run, killed and resumed, and put to use by likeness stylize."""

import json
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from killing import finish, kill_self, left_behind, only_run
from PIL import Image
from tiny import train_by
from typer.testing import CliRunner

from likeness.cli import app
from likeness.data.image_as_shown import read_image
from likeness.errors import LikenessError

# VGG-16 by random weights: what is tested here is the run, not the image.
SMALL = [
    "backbone=vgg16_features",
    "backbone.weights=null",
    "data.resize=48",
    "data.crop=32",
    "data.batch_size=2",
    "loader.workers=0",
    "trainer.max_steps=4",
    "trainer.log_every_n_steps=1",
    "checkpoints.every=2",
]
ADAIN = [
    "+experiment=adain",
    *SMALL,
    "stylizer.width=8",
    "loss.content_layers={relu2_1: 1.0}",
    "loss.style_layers={relu1_1: 1.0, relu2_1: 1.0}",
]
JOHNSON = [
    "+experiment=feedforward",
    *SMALL,
    "stylizer.width=4",
    "stylizer.blocks=1",
    "loss.content_layers={relu2_1: 1.0}",
    "loss.style_layers={relu1_1: 1.0, relu2_1: 1.0}",
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three contents and three styles."""
    folder, drawn = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for kind in ("contents", "styles"):
        (folder / kind).mkdir()
        for number in range(3):
            coarse = Image.fromarray(drawn.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            coarse.resize((70, 50 + 10 * number), Image.Resampling.BICUBIC).save(
                folder / kind / f"{kind}{number}.png"
            )
    return folder


def overrides_for(recipe: list[str], folders: Path, runs: Path, *more: str) -> list[str]:
    one_style = recipe is JOHNSON
    styles = folders / "styles" / "styles0.png" if one_style else folders / "styles"
    data = [f"data.contents={folders / 'contents'}", f"data.styles={styles}", "data.test_share=0.34"]
    return [*recipe, *data, f"runs_dir={runs}", *more]


@pytest.fixture(scope="module")
def decoder(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_by(overrides_for(ADAIN, folders, tmp_path_factory.mktemp("adain")))


@pytest.fixture(scope="module")
def network(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_by(overrides_for(JOHNSON, folders, tmp_path_factory.mktemp("johnson")))


@pytest.mark.parametrize("name", ["decoder", "network"])
def test_a_run_leaves_costs_and_what_was_painted(name: str, request: pytest.FixtureRequest) -> None:
    run: Path = request.getfixturevalue(name)
    results = json.loads((run / "results.json").read_text())
    assert set(results) == {"trained", "untrained", "the content as it is"}
    assert results["the content as it is"]["cost/content"]["value"] == 0
    assert results["trained"]["cost/total"]["value"] < results["untrained"]["cost/total"]["value"]
    assert {path.name for path in (run / "figures").iterdir()} == {"painted.png", "training.png"}


@pytest.mark.parametrize("recipe", [ADAIN, JOHNSON], ids=["adain", "feedforward"])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_killed_training_goes_on_to_the_same_bits(
    recipe: list[str], workers: int, folders: Path, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert finish(overrides_for(recipe, folders, whole)) == 0
    config = overrides_for(recipe, folders, killed, f"loader.workers={workers}")
    assert finish(config, partial(_kill_in_step, 3)) == -signal.SIGKILL
    assert finish(config) == 0
    assert left_behind(only_run(killed)) == left_behind(only_run(whole))


def _kill_in_step(step: int) -> None:
    from likeness.tasks.stylizer import StylizerTask

    def on_train_batch_start(self: StylizerTask, *arguments: object) -> None:
        if self.global_step == step:
            kill_self()

    StylizerTask.on_train_batch_start = on_train_batch_start  # type: ignore[method-assign,assignment]


def paint(*overrides: str) -> str:
    done = CliRunner().invoke(app, ["stylize", *overrides])
    return done.output.strip().splitlines()[-1] if done.exit_code == 0 else str(done.exception)


def test_a_decoder_paints_any_image(decoder: Path, folders: Path, tmp_path: Path) -> None:
    content, styles = str(folders / "contents" / "contents1.png"), str(folders / "styles")
    overrides = ["--method", "adain", "--decoder", str(decoder)]
    assert paint(content, styles, "-o", str(tmp_path / "made"), *overrides) == str(tmp_path / "made")
    made = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert made == [*(f"contents1--styles{number}.png" for number in range(3)), "grid.png"]
    painted = [read_image(tmp_path / "made" / name).image for name in made[:3]]
    assert {tuple(image.shape) for image in painted} == {(3, 60, 70)}
    assert not torch.equal(painted[0], painted[1])


def test_a_network_paints_in_its_style(network: Path, folders: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    content = str(folders / "contents" / "contents0.png")
    assert paint(content, str(network), "-o", str(output), "--method", "feedforward") == str(output)
    assert read_image(output).image.shape == (3, 50, 70)


def test_a_file_of_weights_paints_as_the_run_that_they_are_from(
    network: Path, folders: Path, tmp_path: Path
) -> None:
    from likeness.runs.training.checkpoints import checkpoint_of

    content = str(folders / "contents" / "contents0.png")
    torch.save(checkpoint_of(network).weights, tmp_path / "weights.pth")
    outputs = [tmp_path / "run.png", tmp_path / "file.png"]
    sizes = ["stylizer.width=4", "stylizer.blocks=1", "stylizer.output=tanh"]
    for trained, output, more in ((network, outputs[0], []), (tmp_path / "weights.pth", outputs[1], sizes)):
        paint(content, str(trained), "-o", str(output), "--method", "feedforward", *more)
    first, second = (read_image(output).image for output in outputs)
    assert torch.equal(first, second)


def test_what_does_not_go_together_is_said(
    decoder: Path, network: Path, folders: Path, tmp_path: Path
) -> None:
    content, style = str(folders / "contents" / "contents0.png"), str(folders / "styles" / "styles0.png")
    out = ["-o", str(tmp_path / "out.png")]
    assert "--decoder names what --method adain paints with" in paint(
        content, style, *out, "--method", "adain"
    )
    assert "has trained something else; name a run of task=adain" in paint(
        content, style, *out, "--method", "adain", "--decoder", str(network)
    )
    assert "There is no weights file" in paint(
        content, style, *out, "--method", "adain", "--decoder", "no.pth"
    )
    assert not (tmp_path / "out.png").exists()
    with pytest.raises(LikenessError, match=r"learns one style, but data\.styles=.* is a folder"):
        train_by(overrides_for(JOHNSON, folders, tmp_path, f"data.styles={folders / 'styles'}"))
    with pytest.raises(LikenessError, match="task=adain trains stylizer=adain"):
        train_by(overrides_for(ADAIN, folders, tmp_path, "stylizer=johnson"))
