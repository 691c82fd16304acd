"""Style transfer on the path of a run: recorded, killed and resumed, several at once, and with bad input."""

import json
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from killing import finish, kill_self, only_run
from PIL import Image
from tiny import train_by
from typer.testing import CliRunner

from likeness.cli import app
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.run import resume

# VGG-16 by random weights: what is tested here is the run, not the image.
SMALL = [
    "backbone=vgg16_features",
    "backbone.weights=null",
    "loss.content_layers={relu2_1: 1.0}",
    "loss.style_layers={relu1_1: 1.0, relu2_1: 1.0}",
    "data.sizes=[48,64]",
    "trainer.max_steps=8",
    "trainer.log_every_n_steps=1",
    "task.preview_every=4",
    "checkpoints.every=3",
]


def with_images(folder: Path) -> Path:
    drawn = np.random.default_rng(0)
    for name, size in (("a", (80, 60)), ("b", (64, 64)), ("c", (64, 50))):
        coarse = Image.fromarray(drawn.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_images(tmp_path)


def overrides_for(folder: Path, *more: str) -> list[str]:
    return [
        "+experiment=style_transfer",
        *SMALL,
        f"runs_dir={folder / 'runs'}",
        f"data.content={folder / 'a.png'}",
        f"data.style={folder / 'b.png'}",
        *more,
    ]


def left_behind(run: Path) -> tuple[str, str, dict[str, object]]:
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    return (run / "metrics.csv").read_text(), (run / "checkpoints/hashes.csv").read_text(), record["image"]


def test_a_run_leaves_the_image_its_costs_and_previews(folder: Path) -> None:
    run = train_by(overrides_for(folder))
    with Image.open(run / "image.png") as image:
        assert image.size == (64, 48)
    assert sorted(path.name for path in (run / "previews").iterdir()) == [
        "step-000004.png",
        "step-000008.png",
    ]
    with Image.open(run / "previews" / "step-000004.png") as early:
        assert early.size == (48, 36)
    results = json.loads((run / "results.json").read_text())
    assert results["trained"]["cost/total"]["value"] < results["untrained"]["cost/total"]["value"]
    assert {path.name for path in (run / "figures").iterdir()} == {"sheet.png"}
    assert (
        "sheet" in (run / "report.html").read_text() or "Content, style" in (run / "report.html").read_text()
    )
    fingerprint = json.loads((run / "run.json").read_text())["data"]
    assert [style["name"] for style in fingerprint["styles"]] == ["b.png"]


STARTS = {"from the content, by L-BFGS": [], "from noise, by Adam": ["optimizer=adam", "task.start=noise"]}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The runs that are let be, by how they start."""
    runs = {}
    for name, more in STARTS.items():
        folder = with_images(tmp_path_factory.mktemp("uninterrupted"))
        assert finish(overrides_for(folder, *more)) == 0
        runs[name] = only_run(folder / "runs")
    return runs


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("step", [2, 5, 6])
def test_a_killed_run_ends_with_the_same_image(
    start: str, step: int, uninterrupted: dict[str, Path], folder: Path
) -> None:
    """Within the first size, and at and after the change to the second."""
    overrides = overrides_for(folder, *STARTS[start])
    assert finish(overrides, partial(_kill_in_step, step)) == -signal.SIGKILL
    assert finish(overrides) == 0
    assert left_behind(only_run(folder / "runs")) == left_behind(uninterrupted[start])


def _kill_in_step(step: int) -> None:
    from likeness.tasks.style import StyleTask

    original: Callable[..., torch.Tensor] = StyleTask.training_step

    def training_step(self: StyleTask, *arguments: object) -> torch.Tensor:
        if self.global_step == step:
            kill_self()
        return original(self, *arguments)

    StyleTask.training_step = training_step  # type: ignore[method-assign,assignment]


def test_another_seed_is_another_image_where_it_starts_from_noise(folder: Path) -> None:
    images = {
        json.dumps(left_behind(train_by(overrides_for(folder, "task.start=noise", seed)))[2])
        for seed in ("seed=0", "seed=1")
    }
    assert len(images) == 2


def test_the_run_goes_on_with_its_own_images_alone(folder: Path) -> None:
    overrides = overrides_for(folder)
    assert finish(overrides, partial(_kill_in_step, 4)) == -signal.SIGKILL
    run = only_run(folder / "runs")
    Image.new("RGB", (64, 64), "red").save(folder / "b.png")
    config = training_config(overrides)
    with pytest.raises(LikenessError, match=r"^The styles data of .* are no longer what they were .*b\.png"):
        resume(config, recipe_of(config), run, config)


def test_float32_steps_end_a_run_in_bf16(folder: Path) -> None:
    def costs(*more: str) -> dict[str, float]:
        run = train_by(overrides_for(folder, "data.sizes=[64]", *more))
        rows = (line.split(",") for line in (run / "metrics.csv").read_text().splitlines()[1:])
        return {step: float(value) for step, metric, value in rows if metric == "train/style"}

    exact, half = costs(), costs("trainer.precision=bf16-mixed", "task.float32_steps=4")
    whole = costs("trainer.precision=bf16-mixed", "task.float32_steps=8")
    assert whole == exact
    assert half["1"] != exact["1"]
    assert half["1"] == pytest.approx(exact["1"], rel=0.05)


def likeness(*overrides: str) -> str:
    """What the command says that it made, or why it did not."""
    done = CliRunner().invoke(app, [*overrides])
    return done.output.strip().splitlines()[-1] if done.exit_code == 0 else str(done.exception)


def test_several_images_in_several_styles(folder: Path) -> None:
    contents, styles, output = (
        f"{folder / 'a.png'},{folder / 'c.png'}",
        str(folder / "b.png"),
        folder / "made",
    )
    command = ["stylize", contents, styles, "-o", str(output), *SMALL, "trainer.max_steps=2"]
    assert likeness(*command, f"runs_dir={folder / 'runs'}") == str(output)
    assert sorted(path.name for path in output.iterdir()) == ["a--b.png", "c--b.png", "grid.png"]
    with Image.open(output / "c--b.png") as image:
        assert image.size == (64, 50)
    assert re.search(r"a--b\.png is there already: .*--force", likeness(*command))


def test_an_existing_file_is_kept_without_force_and_after_a_mistake(folder: Path) -> None:
    output = folder / "out.jpg"
    output.write_bytes(b"precious")
    content, style = str(folder / "a.png"), str(folder / "b.png")
    more = ["-o", str(output), f"runs_dir={folder / 'runs'}", *SMALL, "trainer.max_steps=2"]
    assert re.search(r"out\.jpg is there already: .*--force", likeness("stylize", content, style, *more))
    force = ["--force", *more]
    assert "is missing" in likeness("stylize", content, str(folder / "nowhere.png"), *force)
    assert re.search(
        "The loss is (inf|nan) at step", likeness("stylize", content, style, *force, "loss.style_weight=1e40")
    )
    assert output.read_bytes() == b"precious"
    run = Path(likeness("stylize", content, style, *force))
    assert json.loads((run / "run.json").read_text())["status"] == "finished"
    with Image.open(output) as image:
        assert image.format == "JPEG"


def _broken(folder: Path) -> dict[str, tuple[list[str], str]]:
    whole = (folder / "a.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("no image")
    Image.new("RGB", (8, 8)).save(folder / "tiny.png")
    Image.new("L", (81, 60), "white").save(folder / "mask.png")
    torch.save({"features.0.weight": torch.ones(2, 3, 3, 3)}, folder / "other.pth")
    content, style = f"data.content={folder}", f"data.style={folder}"
    return {
        "missing": ([f"{content}/nowhere.png"], r"nowhere\.png is missing"),
        "cut short": ([f"{content}/cut.png"], r"cut\.png cannot be read"),
        "no image": ([f"{style}/text.png"], r"text\.png is not an image"),
        "tiny": ([f"{style}/tiny.png"], r"tiny\.png is 8 x 8 pixels, but needs 32"),
        "mask": ([f"data.masks=[{folder}/mask.png]"], r"mask\.png is 81 x 60 pixels, but .* a\.png is 80 x 60"),
        "masks": ([f"data.masks=[{folder}/a.png,{folder}/a.png]"], "data.masks has 2 entries for 1 styles"),
        "layer": (["+loss.style_layers.relu9_1=1.0"], "vgg16 has no layer relu9_1; its layers are conv1_1, relu1_1"),
        "weights": ([f"backbone.weights={folder}/other.pth"], r"other\.pth"),
        "no weights": ([f"backbone.weights={folder}/nowhere.pth"], r"nowhere\.pth"),
        "start": ([f"task.start={folder}/nowhere.png"], r"nowhere\.png is neither noise, content, nor the path"),
        "devices": (["trainer.devices=2"], "one image can't be shared by several devices"),
        "halves": (["trainer.precision=16-mixed"], "optimizer=lbfgs can't scale its loss"),
        "accumulated": (["trainer.accumulate_grad_batches=2"], "there is nothing to accumulate"),
        "empty": (["loss.style_weight=0.0", "loss.content_weight=0.0"], "are both 0, so that nothing is asked"),
        "tiles": (
            ["task.tile=64", "optimizer=adam", "statistic@loss.statistic=sliced"],
            "is no sum over positions",
        ),
        "sliced": (["statistic@loss.statistic=sliced"], "which L-BFGS can't follow; use optimizer=adam"),
        "total": (["data.total_steps=100"], r"data\.total_steps is trainer\.max_steps"),
        "sizes": (["data.sizes=[64,32]"], "is no pyramid"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [
        "missing", "cut short", "no image", "tiny", "mask", "masks", "layer", "weights", "no weights", "start",
        "devices", "halves", "accumulated", "empty", "tiles", "sliced", "total", "sizes",
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_before_training(case: str, folder: Path) -> None:
    more, sentence = _broken(folder)[case]
    with pytest.raises(LikenessError, match=sentence) as error:
        train_by(overrides_for(folder, *more))
    assert "\n" not in str(error.value)
    assert not (folder / "runs").exists()


def test_a_run_without_an_encoding_is_not_evaluated(folder: Path) -> None:
    run = train_by(overrides_for(folder, "trainer.max_steps=2"))
    for command in (["evaluate", str(run)], ["verify", "a.png", "b.png", "--run", str(run)]):
        assert f"{run} has trained no embedding; name a run of task=embedding" in likeness(*command)
    with pytest.raises(LikenessError, match="has trained no embedding"):
        train_by(["+experiment=similarity_l1", f"task.encoder={run}", f"runs_dir={folder}"])
