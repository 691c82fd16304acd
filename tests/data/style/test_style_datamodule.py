"""The batches of a style transfer, as Lightning's loop sees them."""

import logging
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from sample_images import sample_image

from likeness.data.style.batch import StyleBatch
from likeness.data.style.datamodule import StyleDataModule
from likeness.data.style.style_pictures import style_pictures


@pytest.fixture
def source(tmp_path):
    sample_image((64, 48), 1).save(tmp_path / "content.png")
    sample_image((64, 48), 2).convert("CMYK").save(tmp_path / "style.jpg")
    sample_image((64, 48), 3).save(tmp_path / "mask.png")
    return style_pictures(
        content=str(tmp_path / "content.png"),
        style=str(tmp_path / "style.jpg"),
        style_weights=None,
        masks=[str(tmp_path / "mask.png")],
        sizes=[48, 64],
        portions=[2, 3],
        total_steps=5,
        style_scale=1.0,
        color="style",
    )


class Watching(pl.LightningModule):
    """Trains a number, and notes what it is shown at which step."""

    def __init__(self):
        super().__init__()
        self.number = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append((self.global_step, batch))
        return (self.number - batch.content.mean()) ** 2

    def configure_optimizers(self):
        return torch.optim.LBFGS(self.parameters(), max_iter=1)


def test_a_training_sees_each_level_at_its_steps_as_floats(source):
    task = Watching()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=7,
        max_epochs=-1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
    )
    trainer.fit(task, StyleDataModule(source, channels_last=False))
    assert [(step, batch.level) for step, batch in task.seen] == [(i, int(i >= 2)) for i in range(7)]
    for _, batch in task.seen:
        expected = source.batch(batch.level)
        assert isinstance(batch, StyleBatch)
        assert torch.equal(batch.content, expected.content / 255)
        assert torch.equal(batch.styles[0], expected.styles[0] / 255)
        assert torch.equal(batch.masks[0], expected.masks[0] / 255)


@pytest.mark.parametrize(
    ("step", "accumulated", "levels"), [(0, 1, [0, 0, 1]), (1, 1, [0, 1, 1]), (1, 2, [1, 1, 1])]
)
def test_a_run_may_start_at_any_step(source, step, accumulated, levels):
    data = StyleDataModule(source, channels_last=False)
    data.trainer = SimpleNamespace(global_step=step, accumulate_grad_batches=accumulated)
    batches = iter(data.train_dataloader())
    assert [next(batches).level for _ in levels] == levels
    assert next(batches).content is source.batch(1).content  # nothing is copied from step to step


def test_channels_are_last_where_that_is_asked_for(source):
    batch = StyleDataModule(source, channels_last=True).on_after_batch_transfer(source.batch(0), 0)
    assert batch.content.is_contiguous(memory_format=torch.channels_last)
    assert batch.styles[0].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch.content, source.batch(0).content / 255)
    assert torch.equal(source.batch(0).masks[0] / 255, batch.masks[0])


def test_nothing_is_validated_or_broken_and_what_was_converted_is_said(source, caplog):
    data = StyleDataModule(source, channels_last=False)
    assert (data.validated, data.unreadable) == (False, set())
    with caplog.at_level(logging.INFO, logger="likeness"):
        data.setup("fit")
    assert caplog.messages == ["style.jpg is in CMYK: its colours are converted to RGB by the plain formula."]
