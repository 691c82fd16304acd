"""What tests of the tasks about style compare images by, and how they train."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from likeness.data.style.batch import CropBatch
from likeness.models.features import FeatureNetwork
from likeness.tasks.task import Task


class _Layers(nn.Module):
    """Three layers, each half the size of the one before; with statistics that training must leave alone."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.middle = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(12, 16, 3, stride=2, padding=1), nn.ReLU())
        self.passes = 0

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        self.passes += 1
        early = self.early(images)
        middle = self.middle(early)
        return {"early": early, "middle": middle, "late": self.late(middle)}


def small_features() -> FeatureNetwork:
    """The layers `early`, `middle` and `late` of strides 1, 2 and 4, always the same."""
    torch.manual_seed(0)
    return FeatureNetwork(_Layers(), mean=[0.5] * 3, std=[0.25] * 3)


def random_images(count: int, size: int, seed: int) -> Tensor:
    """Images `[count, 3, size, size]` of 4 x 4 patches of colour."""
    coarse = torch.rand(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=(size, size))


def fitted(task: Task, batch: CropBatch, folder: Path, *, steps: int) -> list[dict[str, float]]:
    """Train by Lightning, on one batch again and again; what was logged at each step."""
    logged: list[dict[str, float]] = []

    class Watch(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
            logged.append({name: float(value) for name, value in trainer.callback_metrics.items()})

    trainer = pl.Trainer(
        accelerator="cpu", max_steps=steps, logger=False, callbacks=[Watch()], enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(task, DataLoader([batch] * steps, batch_size=None))
    return logged
