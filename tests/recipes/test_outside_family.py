"""A family of tasks of somebody else's: its task, schema, recipe and configuration, from files beside the project."""

import json
from pathlib import Path

import pytest
from killing import left_behind
from outside_place import Place

FILES = {
    "means/task.py": '''
        """The task: a vector that goes towards the mean of some numbers."""

        import torch
        from pytorch_lightning.utilities.types import STEP_OUTPUT
        from torch import Tensor, nn

        from likeness.tasks.task import Task, Watched
        from means.family import MEANS


        class MeanTask(Task):
            """Train `mean [D]`; random rows are left out, so that a resume must draw the same numbers."""

            family = MEANS
            watched = (Watched("loss", "train/loss", ".4f"),)

            def __init__(self, optimizer, scheduler, *, size, dropout=0.5):
                super().__init__(optimizer, scheduler)
                self.mean, self.dropout = nn.Parameter(torch.zeros(size)), dropout

            def training_step(self, batch, batch_idx):
                kept = torch.rand(len(batch), 1) >= self.dropout
                loss = ((batch - self.mean).square() * kept).mean()
                self.log("train/loss", loss.detach(), batch_size=len(batch))
                return loss

            def validation_step(self, batch, batch_idx):
                self.log("validation/error", (batch.mean(0) - self.mean).square().mean(), batch_size=len(batch))
        ''',
    "means/family.py": '''
        """What the family says of itself, and its schema."""

        from typing import Annotated, Literal

        from pydantic import Field

        from likeness.config.schema.base import Node, Positive, Share
        from likeness.config.schema.runs import TrainConfig
        from likeness.config.schema.sweep import Objective
        from likeness.config.schema.optimization import Optimizer
        from likeness.runs.recipe import Family, Presentation


        class MeanTaskNode(Node):
            target: Literal["means.task.MeanTask"] = Field(alias="_target_")
            partial: Literal[True] = Field(alias="_partial_")
            dropout: Annotated[float, Field(ge=0, lt=1)]


        class Numbers(Node):
            rows: Positive
            size: Positive
            noise: Share


        class MeansConfig(TrainConfig):
            objective = Objective(metric="mean/error", direction="minimize")
            measures = ("mean/*",)
            validates = ("validation/error",)
            task: MeanTaskNode
            numbers: Numbers
            optimizer: Optimizer


        MEANS = Family(
            name="means",
            tasks=("means.task.MeanTask",),
            schema=MeansConfig,
            recipe="means.recipe.MeansRecipe",
            inputs=("numbers", "seed"),
            presentation=Presentation(shares=("mean/near",), captions={"numbers": "The numbers and their mean"}),
        )
        ''',
    "means/recipe.py": '''
        """What a run reads, builds, trains and measures."""

        import numpy as np
        import torch
        from torch.utils.data import DataLoader

        from likeness.config.make import make
        from likeness.data.run_data import RunData
        from likeness.errors import LikenessError
        from likeness.evaluation.metric import Metric
        from likeness.randomness import generator
        from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
        from likeness.runs.table import print_table, write_results_file
        from likeness.runs.training.checkpoints import checkpoint_of
        from means.family import MEANS

        SIZE = 8  # of a batch


        class Rows(RunData):
            """Batches of rows by step, without end."""

            validated = True
            unreadable = frozenset()

            def __init__(self, rows):
                super().__init__()
                self.rows = rows

            def train_dataloader(self):
                trainer = self.trainer
                start = trainer.global_step * trainer.accumulate_grad_batches
                return DataLoader(self.rows, sampler=From(start, len(self.rows)), batch_size=SIZE)

            def val_dataloader(self):
                return DataLoader(self.rows, batch_size=len(self.rows))


        class From(torch.utils.data.Sampler):
            def __init__(self, start, count):
                self.start, self.count = start, count

            def __iter__(self):
                number = self.start * SIZE
                while True:
                    yield number % self.count
                    number += 1


        class MeansRecipe:
            family = MEANS

            def __init__(self, config):
                self.config = config
                settings = config.numbers
                draw = generator("means", config.seed)
                self.rows = 1 + settings.noise * draw.normal(size=(settings.rows, settings.size)).astype(np.float32)

            @property
            def fingerprints(self):
                return {"numbers": {"rows": len(self.rows), "sum": float(self.rows.sum())}}

            @property
            def files(self):
                return []

            def refuse(self):
                if len(self.rows) < SIZE:
                    raise LikenessError(f"numbers.rows={len(self.rows)} fill no batch; give at least {SIZE}.")
                self.task()

            def data(self):
                return Rows(torch.from_numpy(self.rows))

            def task(self):
                config = self.config
                factory = make(config.task)
                made = optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator)
                task = factory(**made, size=config.numbers.size)
                set_up_optimizer(task, config.optimizer)
                return task

            def callbacks(self, folder):
                return ()

            def conclude(self, run):
                mean = checkpoint_of(run.folder).weights["mean"].numpy()
                metrics = {
                    name: {
                        "mean/error": Metric(float(np.square(self.rows.mean(0) - found).mean()), len(self.rows)),
                        "mean/near": Metric(float((np.abs(self.rows.mean(0) - found) < 0.5).mean()), found.size),
                    }
                    for name, found in {"trained": mean, "untrained": 0 * mean}.items()
                }
                write_results_file(run.folder, metrics)
                print_table("The mean", metrics, MEANS.presentation)
                from matplotlib.figure import Figure

                figure = Figure()
                figure.subplots().plot(mean)
                figure.savefig(run.folder / "figures" / "numbers.png")
        ''',
    "my_conf/task/means.yaml": """
        # @package _global_
        # The mean of some numbers.
        defaults:
          - override /data: null
          - override /evaluation: null
          - override /backbone: null
          - override /embedder: null
          - override /loss: null
          - override /sampler: null
          - override /augment: null
          - override /scheduler: constant

        task:
          _target_: means.task.MeanTask
          _partial_: true
          dropout: 0.5
        numbers: {rows: 32, size: 4, noise: 0.5}
        """,
    "my_conf/experiment/means.yaml": """
        # @package _global_
        defaults:
          - override /task: means

        name: means
        trust: [means]
        optimizer: {lr: 0.05}
        trainer: {max_steps: 24, val_check_interval: 8}
        checkpoints: {every: 4}
        """,
}
TRAIN = ["train", "--config-dir", "my_conf", "+experiment=means"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("means"), {"means/__init__.py": "", **FILES})


@pytest.fixture(scope="module")
def run(place: Place) -> Path:
    return place.folder_of(*TRAIN, "runs_dir=whole")


def test_it_trains_and_measures_in_its_own_way(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    assert set(record["source"]["packages"]) == {"means"}
    assert record["data"]["numbers"]["rows"] == 32
    results = record["results"]
    assert results["trained"]["mean/error"]["value"] < 0.5 * results["untrained"]["mean/error"]["value"]
    assert "validation/error" in (run / "metrics.csv").read_text()


def test_its_report_has_its_captions_and_units(place: Place, run: Path) -> None:
    refused = place.likeness("report", str(run))
    assert refused.returncode == 1
    assert "add --trust means" in refused.stderr
    (run / "report.html").unlink()
    done = place.likeness("report", str(run), "--trust", "means")
    assert done.returncode == 0, done.stderr
    page = (run / "report.html").read_text()
    assert "The numbers and their mean" in page
    near = json.loads((run / "results.json").read_text())["trained"]["mean/near"]["value"]
    assert f"{100 * near:.2f}" in page  # a share, in per cent
    for command in (["runs", "--runs-dir", "whole", "--sort=mean/error"], ["compare", str(run), str(run)]):
        assert place.likeness(*command).returncode == 0


def test_killed_it_goes_on_to_the_same_bits(place: Place, run: Path) -> None:
    unfinished = place.killed(*TRAIN, after=8)
    assert json.loads((unfinished / "run.json").read_text())["status"] == "running"
    assert place.folder_of("resume", str(unfinished), "--trust", "means") == unfinished
    assert left_behind(unfinished) == left_behind(run)
    again = place.likeness("reproduce", str(run), "--trust", "means")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_sweep_looks_for_its_own_objective(place: Place) -> None:
    folder = place.folder_of("train", "-m", *TRAIN[1:], "runs_dir=swept", "optimizer.lr=0.001,0.05")
    sweep = json.loads((folder / "sweep.json").read_text())
    assert [one["metric"] for one in sweep["objectives"]] == ["mean/error"]
    assert [job["status"] for job in sweep["jobs"]] == ["finished"] * 2
    (best,) = sweep["best"]
    assert sweep["jobs"][best]["parameters"] == {"optimizer.lr": 0.05}  # the other hardly leaves the start
    assert "The numbers and their mean" in (folder / sweep["jobs"][best]["run"] / "report.html").read_text()


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("numbers.row=3", "Unknown key numbers.row: did you mean rows?"),
        ("numbers.rows=3", "numbers.rows=3 fill no batch; give at least 8."),
        ("task.dropout=1.5", "task.dropout=1.5 won't do"),
        ("trust=[]", "trust=[means]"),
    ],
)
def test_its_keys_are_checked_by_its_schema(place: Place, override: str, sentence: str) -> None:
    done = place.likeness(*TRAIN, "runs_dir=nowhere", override)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (place.folder / "nowhere").exists()
