"""A head on an encoder that stays as it is: every image is encoded once, and trained on as often as one likes."""

from torch import nn

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.training import SimilarityTask
from likeness.data.encoded_images import EncodedImages
from likeness.data.skipping import SkippingUnreadable
from likeness.recipes.embedding.kept_encodings import kept_encodings
from likeness.recipes.embedding.readable import ReadableSplits
from likeness.runs.training.checkpoints import hash_of
from likeness.runs.training.devices import device_of


def trains_on_encodings(config: EmbeddingConfig) -> bool:
    """Whether the encoder stays as it is, and so do the images: what is augmented is another image at every step."""
    frozen = isinstance(config.task, SimilarityTask) and config.task.frozen
    return frozen and all(node is None for node in config.augment.values())


def encoded_splits(splits: ReadableSplits, embedder: nn.Module, config: EmbeddingConfig) -> ReadableSplits:
    """The splits with encodings by `embedder` in place of the images to train and to validate on.

    Raises:
        LikenessError: as `kept_encodings` does.
    """
    device = device_of(config.trainer.accelerator)
    embedder.to(device).eval()
    decides = {
        "weights": hash_of(embedder.state_dict()),
        "backbone": {**config.backbone.plain(), "weights": None},
        "embedder": config.embedder.plain(),
    }

    def encoded(images: SkippingUnreadable | None) -> SkippingUnreadable | None:
        if images is None:
            return None
        index, arrays = kept_encodings(
            images,
            lambda values: {"embedding": embedder(values)},
            decides=decides,
            device=device,
            batch_size=config.evaluation.batch_size,
            workers=config.loader.workers,
            whose="the frozen encoder",
        )
        return SkippingUnreadable(EncodedImages(images, arrays["embedding"], index))

    return splits._replace(train=encoded(splits.train), validation=encoded(splits.validation))
