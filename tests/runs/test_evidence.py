"""`make experiments`: what the evidence of an experiment is made of, and what it refuses."""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from past_samples import METRIC, sample_record, write_sample
from PIL import Image
from scipy import stats
from typer.testing import CliRunner

from likeness.cli import app
from likeness.config.groups import CONF, groups
from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.family import EMBEDDING
from likeness.runs.evidence.choose import choose_runs
from likeness.runs.evidence.write import write_evidence

NAME = "triplet_hard"
ACCURACIES = (0.90, 0.93, 0.96)
EXPERIMENTS = CONF.parent / "experiments"


@cache
def experiment() -> TrainConfig:
    return training_config([f"+experiment={NAME}"])


def written(runs: list[Path], experiments: Path) -> Path:
    return write_evidence(experiment(), runs, EMBEDDING.presentation, experiments)


def record(seed: int, accuracy: float = 0.9) -> dict[str, Any]:
    made = sample_record(seed, accuracy=accuracy)
    made["config"] = {**experiment().plain(), "seed": seed}
    made["data"]["pairs"] = {"sha256": str(seed)}  # drawn by the seed
    made["data"]["episodes"] = {"within": {"sha256": str(seed)}}
    return {**made, "name": NAME}


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Three finished runs, with an ROC each: the trained encoder's true accept rate is 0.1 higher for each seed."""
    folders = []
    for seed, accuracy in enumerate(ACCURACIES):
        folder = write_sample(tmp_path / "runs", record(seed, accuracy), loss=(0.5, 0.4 + seed / 10))
        rows = [
            f"{encoder},{far},{min(1.0, start + seed / 10)}\n"
            for encoder, start in (("trained", 0.6), ("untrained", 0.1))
            for far in (0.001, 0.01, 0.1, 1)
        ]
        (folder / "roc.csv").write_text("encoder,far,tar\n" + "".join(rows))
        folders.append(folder)
    return folders


def rewrite(folder: Path, *keys: str, value: Any) -> None:
    """Change one value of a record."""
    content = json.loads((folder / "run.json").read_text())
    node = content
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = copy.deepcopy(value)
    (folder / "run.json").write_text(json.dumps(content))


def test_mean_and_interval_over_seeds_are_students(runs: list[Path], tmp_path: Path) -> None:
    folder = written(runs, tmp_path / "experiments")
    evidence = json.loads((folder / "results.json").read_text())
    metric = evidence["results"]["trained"][METRIC]
    interval = stats.ttest_1samp(ACCURACIES, 0).confidence_interval(0.95)
    assert metric["mean"] == pytest.approx(np.mean(ACCURACIES))
    assert interval[1] > 1  # and no share is
    assert (metric["low"], metric["high"]) == pytest.approx((interval[0], 1))
    assert metric["deviation"] == pytest.approx(np.std(ACCURACIES, ddof=1))
    assert metric["values"] == list(ACCURACIES)
    assert metric["intervals"] == [[value - 0.05, value + 0.05] for value in ACCURACIES]
    assert metric["count"] == 40
    assert evidence["results"]["trained"]["verification/tar@far=1e-6"]["values"] == [None] * 3
    assert [run["seed"] for run in evidence["runs"]] == [0, 1, 2]
    assert str(tmp_path) not in (folder / "results.json").read_text()


def test_the_table_says_what_the_json_says(runs: list[Path], tmp_path: Path) -> None:
    text = (written(runs, tmp_path / "experiments") / "results.md").read_text()
    low, _ = stats.ttest_1samp(ACCURACIES, 0).confidence_interval(0.95)
    assert f"| {METRIC} | 93.00 [{100 * low:.2f}, 100.00] | 55.00 [55.00, 55.00] | 40 |" in text.splitlines()
    assert "| 1 | 93.00 [88.00, 98.00] | 1.0 |" in text.splitlines()
    assert "seeds 0, 1, 2 (Student's t); from commit cccccccccccc" in text
    assert "1e-6" not in text
    (columns,) = {line.count("|") for line in text.partition("\n\n| seed")[0].splitlines() if "|" in line}
    assert columns == 5


def test_one_run_has_its_own_interval(runs: list[Path], tmp_path: Path) -> None:
    folder = written(runs[1:2], tmp_path / "experiments")
    metric = json.loads((folder / "results.json").read_text())["results"]["trained"][METRIC]
    assert (metric["mean"], metric["low"], metric["high"]) == (0.93, 0.93 - 0.05, 0.93 + 0.05)
    assert metric["deviation"] is None
    assert "seed 1, 95% interval over the identities or pairs" in (folder / "results.md").read_text()


def test_figures_are_drawn_and_the_readme_is_kept(runs: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "experiments" / NAME
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("the question")
    (runs[0] / "figures").mkdir()
    for figure in ("distances", "hardest_pairs"):
        Image.new("L", (8, 8)).save(runs[0] / "figures" / f"{figure}.png")
    written(runs, tmp_path / "experiments")
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "results.json",
        "results.md",
        "training.png",
        "roc.png",
        "distances.png",  # but no images of people
    }
    assert (folder / "README.md").read_text() == "the question"
    for figure in ("training", "roc"):
        assert Image.open(folder / f"{figure}.png").width > 600


def test_a_folder_stands_for_its_last_finished_runs_of_one_kind(
    runs: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    place = runs[0].parents[1]
    seeds = [run.folder for run in choose_runs(experiment(), [place])]
    assert seeds == runs
    assert [run.folder for run in choose_runs(experiment(), [place / NAME])] == runs
    other = record(5)
    other["source"]["sha256"] = "6" * 64
    other["started"] = "2026-11-01T08:00:00.000+00:00"
    write_sample(place, other)  # of another source, and older
    write_sample(place, {**record(6), "status": "failed"})
    write_sample(place, {**record(7), "name": "default"})
    again = write_sample(place, {**record(1), "started": "2026-11-30T08:00:00.000+00:00"})
    assert [run.folder for run in choose_runs(experiment(), [place])] == [runs[0], again, runs[2]]
    assert "Of another configuration, source or data than the last run: 2026" in caplog.text


@pytest.mark.parametrize(
    ("keys", "value", "sentence"),
    [
        (("status",), "failed", r"did not finish \(it is failed\)"),
        (("status",), "running", r"did not finish \(it is killed\)"),
        (("config", "task"), None, "is an evaluation"),
        (("config", "optimizer", "lr"), 0.1, "has optimizer.lr=0.1, but the experiment triplet_hard has"),
        (("config", "trainer", "gradient_clip_val"), 1.0, "has trainer.gradient_clip_val=1.0"),
        (("source", "sha256"), "6" * 64, "differ in their source: sha256 is 5"),
        (("data", "train", "sha256"), "b" * 64, "differ in their data: train.sha256 is a"),
        (("seed",), 0, "have the same seed"),
    ],
)
def test_what_does_not_belong_is_refused_by_name(
    runs: list[Path], keys: tuple[str, ...], value: Any, sentence: str
) -> None:
    rewrite(runs[2], *keys, value=value)
    with pytest.raises(LikenessError, match=sentence):
        choose_runs(experiment(), runs)


def test_mixed_configurations_are_refused_by_key(runs: list[Path]) -> None:
    rewrite(runs[1], "config", "data", "root", value="elsewhere")
    with pytest.raises(
        LikenessError, match=r"differ in their configuration: data\.root is None and elsewhere"
    ):
        choose_runs(experiment(), runs)


def test_runs_of_before_a_key_was_there_are_evidence_too(runs: list[Path]) -> None:
    """Earlier versions recorded no `trust`, and of the parts that a run has not, no null."""
    for run in runs:
        config = json.loads((run / "run.json").read_text())["config"]
        older = {key: value for key, value in config.items() if key != "trust" and value is not None}
        assert len(older) < len(config) - 1
        rewrite(run, "config", value=older)
    assert [run.folder for run in choose_runs(experiment(), runs)] == runs
    for run in runs:
        rewrite(run, "config", "optimizer", "lr", value=0.1)
    with pytest.raises(LikenessError, match=r"has optimizer\.lr=0\.1, but the experiment triplet_hard has"):
        choose_runs(experiment(), runs)


def test_what_changes_no_number_may_differ(runs: list[Path]) -> None:
    rewrite(runs[1], "config", "loader", "workers", value=7)
    assert len(choose_runs(experiment(), runs)) == 3


def test_no_runs_and_no_such_experiment_are_said(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match="There is no finished run of triplet_hard in"):
        choose_runs(experiment(), [tmp_path])
    done = CliRunner().invoke(app, ["evidence", "tripet_hard", str(tmp_path)])
    assert done.exit_code == 1
    assert "There is no experiment called tripet_hard: did you mean triplet_hard?" in done.output


def test_the_command_says_what_is_missing() -> None:
    done = CliRunner().invoke(app, ["evidence", NAME])
    assert done.exit_code == 2
    assert "Missing argument" in done.output


PUBLISHED = sorted(path.parent.name for path in EXPERIMENTS.glob("*/results.json"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_published_experiment_has_its_configuration(name: str) -> None:
    assert name in groups()["experiment"]
    evidence = json.loads((EXPERIMENTS / name / "results.json").read_text())
    assert {run["name"] for run in evidence["runs"]} == {name}
    seeds = [run["seed"] for run in evidence["runs"]]
    assert len(set(seeds)) == len(seeds) > 0
    linked = re.findall(r"\]\(([\w.]+\.(?:png|md))\)", (EXPERIMENTS / name / "README.md").read_text())
    assert all((EXPERIMENTS / name / path).is_file() for path in linked)


def test_something_is_published() -> None:
    assert NAME in PUBLISHED
