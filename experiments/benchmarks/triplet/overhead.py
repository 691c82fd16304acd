"""What a step of a run costs beyond the same step in a plain PyTorch loop, after asserting equal weights."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from likeness.data.datamodule import IdentityDataModule
from likeness.data.loading import training_loader
from likeness.data.skipping import SkippingUnreadable
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.build import build_datamodule
from likeness.recipes.embedding.readable import ReadableSplits
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.training.checkpoints import newest_checkpoint
from likeness.runs.training.fit import fit_here
from likeness.tasks.encoding import EncodingTask

STEPS, ROUNDS, SKIPPED = 12, 5, 2  # a round is a run of STEPS of each; the first SKIPPED steps warm up


class InMemory:
    """128 people x 8 random images of 64 x 64: loading them costs next to nothing on either side."""

    grouping = None

    def __init__(self) -> None:
        self.identity = np.repeat(np.arange(128), 8)
        self.images = torch.randint(0, 256, (1024, 3, 64, 64), generator=torch.Generator().manual_seed(0))
        self.images = self.images.to(torch.uint8)

    def __len__(self) -> int:
        return len(self.identity)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        return list(self.images[list(indices)])


class Clock(nn.Module):
    """A loss that notes when it was called: from call to call is one whole step."""

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self.loss, self.times = loss, list[float]()

    def forward(self, embedding: Tensor, identity: Tensor) -> Any:
        self.times.append(time.perf_counter())
        return self.loss(embedding, identity)

    def steps(self) -> list[float]:
        return [later - one for one, later in zip(self.times, self.times[1:], strict=False)][SKIPPED:]


class Clocked(EmbeddingRecipe):
    """The recipe of a run on images in memory, whose loss is a clock."""

    def data(self) -> IdentityDataModule:
        images: Any = InMemory()
        splits = ReadableSplits(SkippingUnreadable(images), None, None, None, True, None)
        return build_datamodule(self._config, splits)

    def task(self) -> EncodingTask:
        task = super().task()
        self.clock = task.loss = Clock(task.loss)
        return task


def of_a_run() -> dict[str, float]:
    """Median seconds of a step with resnet18 at 64 x 64, P x K = 16 x 4, by us and by a plain loop."""
    overrides = [
        "backbone=resnet18",
        "backbone.spatial_size=64",
        "loader.workers=0",
        f"trainer.max_steps={STEPS}",
    ]
    config = training_config([*overrides, "trainer.val_check_interval=1000", "trainer.accelerator=cpu"])
    ours, plain = list[float](), list[float]()
    for _ in range(ROUNDS):
        recipe = Clocked(config)
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder)
            (run / "checkpoints").mkdir()
            fit_here(config, run, recipe, recipe.data(), [], None)
            trained = newest_checkpoint(run)
        assert trained is not None
        ours += recipe.clock.steps()
        plain += _loop(recipe, trained.weights)
    medians = {"likeness_s": statistics.median(ours), "plain_s": statistics.median(plain)}
    return {**medians, "overhead": medians["likeness_s"] / medians["plain_s"] - 1}


def _loop(recipe: Clocked, of_the_run: dict[str, Tensor]) -> list[float]:
    task, data = recipe.task(), recipe.data()
    embedder = task.embedder.train()
    optimizer = task.make_optimizer(list(embedder.parameters()))
    scheduler = task.make_scheduler(optimizer)
    loader = training_loader(data.train, data.schedule(), data.augment, start=0, workers=0, pin_memory=False)
    for batch in islice(loader, STEPS):
        optimizer.zero_grad()
        recipe.clock(embedder(batch.images.float().div_(255)), batch.identity).loss.backward()
        optimizer.step()
        scheduler.step()
    for name, value in embedder.state_dict().items():
        assert torch.equal(of_the_run[f"embedder.{name}"], value), f"the two trained {name} differently"
    return recipe.clock.steps()
