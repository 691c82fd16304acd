"""The generated image as it is shown: at the end, and every few steps on the way."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from likeness.data.image_as_shown import write_image
from likeness.data.style.style_pictures import StyleImages
from likeness.tasks.style import StyleTask


def pixels_of(image: Tensor, images: StyleImages) -> Tensor:
    """A trained image `[1, 3, H, W]` as uint8 `[3, H, W]`, in the colours that the configuration asks for."""
    finished = images.finished(image[0].cpu())
    return (255 * finished).round().to(torch.uint8)


class Previews(pl.Callback):
    """Write `previews/step-<step>.png` in a run's folder every few steps."""

    def __init__(self, folder: Path, images: StyleImages, *, every: int) -> None:
        self.folder, self.images, self.every = folder / "previews", images, every

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write the image after a step."""
        if trainer.global_step % self.every or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, StyleTask)
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"step-{trainer.global_step:06d}.png"
        write_image(path, pixels_of(pl_module.image.detach(), self.images), force=True)
