"""The image on the way: a picture every few steps."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.data.style.picture import write_picture
from likeness.data.style.style_pictures import StylePictures
from likeness.recipes.pixels.image import pixels_of
from likeness.tasks.style import StyleTask


class Previews(pl.Callback):
    """Write `previews/step-<step>.png` in a run's folder every few steps."""

    def __init__(self, folder: Path, pictures: StylePictures, *, every: int) -> None:
        self.folder, self.pictures, self.every = folder / "previews", pictures, every

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write the image after a step."""
        if trainer.global_step % self.every or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, StyleTask)
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"step-{trainer.global_step:06d}.png"
        write_picture(path, pixels_of(pl_module.image.detach(), self.pictures), force=True)
