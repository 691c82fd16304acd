"""Runs of an earlier version are listed, reported, compared, evaluated, verified by, begun with, resumed and loaded."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from PIL import Image
from tiny import TINY, train_by

import likeness
from likeness.data.drawn_faces import drawn_faces
from likeness.evaluation import OperatingPoint
from likeness.recipes.choose import config_of, recipe_of
from likeness.runs.evidence.choose import choose_runs
from likeness.runs.record.record_file import read_record, write_record
from likeness.runs.run import train

pytestmark = pytest.mark.usefixtures("without_drawing")
KEPT = Path(__file__).parents[1] / "past_runs"
Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Path]:
    """Copies of the kept runs, by what they are."""
    shutil.copytree(KEPT, tmp_path / "runs")
    return {path.parent.name: path for path in (tmp_path / "runs").glob("*/20*/")}


def accuracy(run: Path, encoder: str) -> float:
    results = json.loads((run / "results.json").read_text())
    value: float = results[encoder]["verification/accuracy"]["value"]
    return value


@pytest.mark.parametrize("name", ["finished", "similarity", "style", "unfinished"])
def test_the_configuration_is_read_in_the_keys_of_today(name: str, runs: dict[str, Path]) -> None:
    config = config_of(runs[name])
    assert config.name == name
    if name != "style":
        assert config.plain()["backbone"]["spatial_size"] == 16
        assert config.plain()["data"]["image_size"] == 16  # of drawn faces


def test_they_are_listed_reported_and_compared(
    runs: dict[str, Path], command: Command, warm_command: Command, tmp_path: Path
) -> None:
    listed = warm_command("-m", "likeness", "runs", "--json", "status=finished")
    assert {Path(row["run"]).parent.name for row in json.loads(listed.stdout)} == {
        "finished",
        "similarity",
        "style",
        "sweep",
    }
    assert all(
        "trainer.accelerator=cpu" in row["overrides"] or "style" in row["run"]
        for row in json.loads(listed.stdout)
    )
    found = command(
        "-m", "likeness", "runs", "--json", "backbone.spatial_size=16", "embedder.batch_norm=true"
    )
    assert [Path(row["run"]) for row in json.loads(found.stdout)] == [
        runs["unfinished"].relative_to(tmp_path)
    ]
    for name, overrides in {
        "finished": [
            "Receiver operating characteristic",
            f"{100 * accuracy(runs['finished'], 'trained'):.2f}",
        ],
        "style": ["Content, style and generated image"],
    }.items():
        done = warm_command("-m", "likeness", "report", str(runs[name]))
        assert done.returncode == 0, done.stderr
        page = (runs[name] / "report.html").read_text()
        assert all(word in page for word in overrides)
    done = command("-m", "likeness", "compare", str(runs["finished"]), str(runs["similarity"]))
    assert done.returncode == 0, done.stderr
    assert "task._target_" in done.stdout


@pytest.mark.parametrize("name", ["finished", "similarity"])
def test_a_run_of_its_configuration_has_its_numbers(
    name: str, runs: dict[str, Path], warm_command: Command, tmp_path: Path
) -> None:
    config = config_of(runs[name]).model_copy(update={"runs_dir": str(tmp_path / "new")})
    again = train(config, recipe_of(config))
    done = warm_command("-m", "likeness", "compare", str(runs[name]), str(again))
    assert done.returncode == 0, done.stderr
    assert "Data: the same" in done.stdout
    differing = done.stdout.partition("Configuration\n")[2].partition("\n\n")[0].splitlines()[2:]
    then = {key: before for key, before, _ in (line.split() for line in differing)}
    assert then.keys() - {"runs_dir", "logger"} <= {key for key, before in then.items() if before == "-"}
    assert accuracy(again, "trained") == pytest.approx(accuracy(runs[name], "trained"), abs=1e-6)


@pytest.mark.parametrize("name", ["finished", "similarity"])
def test_it_is_evaluated_as_it_was_measured(
    name: str, runs: dict[str, Path], warm_command: Command, tmp_path: Path
) -> None:
    overrides = ["evaluation.pairs=40", "evaluation.folds=2", "evaluation.resamples=20", "loader.workers=0"]
    done = warm_command("-m", "likeness", "evaluate", str(runs[name]), "runs_dir=measured", *overrides)
    assert done.returncode == 0, done.stderr
    found = accuracy(tmp_path / done.stdout.strip().splitlines()[-1], runs[name].name)
    assert found == pytest.approx(accuracy(runs[name], "trained"), abs=1e-6)


def test_its_threshold_is_read_and_its_encoder_loaded(runs: dict[str, Path]) -> None:
    kept = json.loads((runs["finished"] / "judge.json").read_text())
    encoder = likeness.load(runs["finished"])
    assert isinstance(encoder.operating_point, OperatingPoint)
    assert encoder.operating_point.far == kept["far"]
    assert encoder.operating_point.calibration.scale == kept["scale"]
    faces = drawn_faces(
        identities=2,
        pictures_per_identity=2,
        validation_identities=2,
        test_identities=2,
        seed=1,
        image_size=16,
        channels=3,
    ).train
    assert faces is not None
    embeddings = encoder.encode(torch.stack(faces.load([0, 1, 2])))
    assert embeddings.norm(dim=1).tolist() == pytest.approx([1.0] * 3, abs=1e-5)


def test_the_unfinished_one_is_resumed(
    runs: dict[str, Path], command: Command, warm_command: Command
) -> None:
    run = runs["unfinished"]
    done = command("-m", "likeness", "resume", str(run))
    assert done.returncode == 0, done.stderr
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    assert [session["step"] for session in record["sessions"]] == [0, 4]
    assert "source" in record["sessions"][1]["changed"]
    with (run / "metrics.csv").open() as ours, (KEPT / "unfinished" / "whole_metrics.csv").open() as theirs:
        found, whole = list(csv.DictReader(ours)), list(csv.DictReader(theirs))
    assert [(row["step"], row["metric"]) for row in found] == [(row["step"], row["metric"]) for row in whole]
    for one, other in zip(found, whole, strict=True):  # to the bit on the machine that made it
        assert float(one["value"]) == pytest.approx(float(other["value"]), rel=1e-3, abs=1e-4)
    refused = warm_command("-m", "likeness", "resume", str(runs["finished"]))
    assert "has finished: there is nothing to go on with" in refused.stderr


def test_two_images_are_compared_by_its_threshold(
    runs: dict[str, Path], warm_command: Command, tmp_path: Path
) -> None:
    images = [str(tmp_path / f"{grey}.png") for grey in (60, 200)]
    for path, grey in zip(images, (60, 200), strict=True):
        Image.new("RGB", (20, 24), (grey, 90, 120)).save(path)
    done = warm_command("-m", "likeness", "verify", "--run", str(runs["unfinished"]), *images)
    assert "has chosen no threshold" in done.stderr
    done = warm_command("-m", "likeness", "verify", "--run", str(runs["finished"]), *images)
    kept = json.loads((runs["finished"] / "judge.json").read_text())
    assert kept["threshold"] is None  # its validation pairs were too few, which is said with their number
    assert f"its {kept['negatives']} validation pairs" in done.stderr
    point = runs["finished"] / "judge.json"
    point.write_text(json.dumps(kept | {"threshold": 0.5}))
    done = warm_command("-m", "likeness", "verify", "--run", str(runs["finished"]), *images)
    assert "judge.json was altered" in done.stderr
    write_record(runs["finished"], {**read_record(runs["finished"]), "judge": kept | {"threshold": 0.5}})
    done = warm_command("-m", "likeness", "verify", "--run", str(runs["finished"]), *images)
    assert done.returncode == 0, done.stderr
    assert "the threshold 0.5" in done.stdout


def test_a_sweep_of_its_time_is_reported(tmp_path: Path, runs: dict[str, Path], command: Command) -> None:
    (folder,) = (tmp_path / "runs" / "sweep" / "sweeps").iterdir()
    done = command("-m", "likeness", "report", str(folder))
    assert done.returncode == 0, done.stderr
    page = (folder / "report.html").read_text()
    for job in json.loads((folder / "sweep.json").read_text())["jobs"]:
        assert f"{100 * job['values'][0]:.2f}" in page
        assert Path(job["run"]).name in page
    assert "backbone.width=2" in page


def test_it_is_evidence_of_its_experiment(runs: dict[str, Path]) -> None:
    run = runs["finished"]
    (chosen,) = choose_runs(config_of(run), [run])
    assert chosen.folder == run
    assert chosen.results["trained"]["verification/accuracy"]["value"] == accuracy(run, "trained")


def test_another_run_begins_with_its_encoder(runs: dict[str, Path], tmp_path: Path) -> None:
    tiny = [word for word in TINY if not word.startswith("backbone")]
    network = ["backbone.width=2", "backbone.spatial_size=16", "embedder.embedding_dim=8"]
    task = [
        "task=similarity",
        "loss=cross_entropy",
        "head=absolute_difference",
        f"task.encoder='{runs['finished']}'",
    ]
    seed = "data.seed=7"  # other people than those that it was trained on
    run = train_by([*tiny, *network, *task, seed, "trainer.max_steps=1", f"runs_dir={tmp_path / 'new'}"])
    assert json.loads((run / "run.json").read_text())["data"]["encoder"]


def test_what_can_not_be_reproduced_is_said(runs: dict[str, Path], warm_command: Command) -> None:
    done = warm_command("-m", "likeness", "reproduce", str(runs["unfinished"]))
    assert done.returncode == 1
    assert "did not finish" in done.stderr
    (runs["finished"] / "judge.json").write_text("{}")
    done = warm_command("-m", "likeness", "reproduce", str(runs["finished"]))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
