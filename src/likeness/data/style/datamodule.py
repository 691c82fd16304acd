"""The DataModule of an image whose pixels are trained."""

from torch.utils.data import DataLoader, Dataset

from likeness.data.as_float import as_float
from likeness.data.image_as_shown import log_notes
from likeness.data.run_data import RunData
from likeness.data.steps import StepsFrom
from likeness.data.style.batch import StyleBatch
from likeness.data.style.style_pictures import StyleImages


class _Steps(Dataset[StyleBatch]):
    """The images by step."""

    def __init__(self, source: StyleImages) -> None:
        self.source = source

    def __getitem__(self, step: int) -> StyleBatch:
        return self.source.batch_at(step)


class StyleDataModule(RunData):
    """The content and the styles at the size of each step, from the trainer's step on; nothing to validate.

    Args:
        source: the images.
        channels_last: whether images have the channels last in memory.
    """

    validated = False

    def __init__(self, source: StyleImages, *, channels_last: bool) -> None:
        super().__init__()
        self.source, self.channels_last = source, channels_last

    @property
    def unreadable(self) -> set[str]:
        """None: an image that can't be read ends the run before it starts."""
        return set()

    def setup(self, stage: str) -> None:
        """Say what was converted to read the images."""
        log_notes(self.source.notes)

    def train_dataloader(self) -> DataLoader[StyleBatch]:
        """The images of the trainer's step and of all after it."""
        trainer = self.trainer
        assert trainer is not None
        start = trainer.global_step * trainer.accumulate_grad_batches
        return DataLoader(_Steps(self.source), sampler=StepsFrom(start), batch_size=None)

    def on_after_batch_transfer(self, batch: StyleBatch, dataloader_idx: int) -> StyleBatch:
        """The batch with its images as floats in [0, 1]."""
        return in_floats(batch, channels_last=self.channels_last)


def in_floats(batch: StyleBatch, *, channels_last: bool) -> StyleBatch:
    """The batch with its images as float32 in [0, 1]."""
    return StyleBatch(
        as_float(batch.content, channels_last=channels_last),
        [as_float(style, channels_last=channels_last) for style in batch.styles],
        None if batch.masks is None else [as_float(mask) for mask in batch.masks],
        batch.level,
    )
