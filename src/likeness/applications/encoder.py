"""A trained encoder in Python: `likeness.load(RUN).encode(images)`."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.as_float import as_float
from likeness.evaluation import Comparison, OperatingPoint
from likeness.recipes.embedding.encode import encode_images
from likeness.recipes.embedding.networks import Networks
from likeness.recipes.embedding.trained import trained_at
from likeness.runs.training.checkpoints import hash_of
from likeness.spatial import sides

BATCH = 256  # images that are encoded at a time


class TrainedEncoder:
    """The encoder of a run, as the run measured it: with its mirrored images and its test-time augmentation.

    Attributes:
        config: the run's configuration.
        comparison: how two embeddings are compared: by their Euclidean distance, or by the run's head.
        operating_point: the decision threshold on that distance, and the calibration; None where none was chosen.
    """

    def __init__(
        self,
        config: EmbeddingConfig,
        networks: Networks,
        operating_point: OperatingPoint | None,
        device: torch.device,
    ) -> None:
        self.config, self.operating_point = config, operating_point
        self._networks, self._device = networks.ready(device), device

    @property
    def comparison(self) -> Comparison:
        """By what two embeddings are compared."""
        return self._networks.comparison

    @property
    def weights(self) -> str:
        """A hash of the weights of all its networks, hexadecimal."""
        return hash_of(self._networks.weights)

    @property
    def dimensions(self) -> int:
        """The length D of an embedding, of all its views together."""
        return self._networks.embedder.embedding_dim * self._networks.embedder.views

    def encode(self, images: Tensor) -> Tensor:
        """The embeddings `[B, D]`, float32 on the CPU, of images `[B, C, *spatial]`.

        Images are uint8, or floats in [0, 1], of the size and with the channels that the run was trained on. Of a run
        that was trained on floats, as signals are, the values are like those.

        Raises:
            ValueError: they have another shape.
        """
        wanted = (self.config.backbone.channels, *sides(self.config.backbone.spatial_size))
        if images.ndim != len(wanted) + 1 or tuple(images.shape[1:]) != wanted:
            raise ValueError(
                f"the encoder takes images [B, {', '.join(map(str, wanted))}], not {list(images.shape)}"
            )
        with torch.inference_mode():
            encoded = [
                encode_images(
                    self._networks.embedder.encode_views,
                    as_float(batch.to(self._device)),
                    flip=self.config.evaluation.flip,
                ).cpu()
                for batch in torch.split(images, BATCH)
            ]
        return torch.cat(encoded)


def load(
    run: str | Path,
    *,
    device: str | torch.device = "cpu",
    trust: Sequence[str] = (),
    checkpoint: int | None = None,
) -> TrainedEncoder:
    """The encoder that a run trained.

    Args:
        run: the run's folder, or a `.safetensors` file that `likeness export` wrote.
        device: where it is to work.
        trust: packages of your own, or whose code you know, that the run may name parts of.
        checkpoint: the step of another to take in place of the one that the run hands on; it has no operating point.

    Raises:
        LikenessError: it is no run's folder, has trained no embedding, or has no such checkpoint, or what it holds is
            not what its record says.
    """
    config, networks, operating_point = trained_at(Path(run), trust, checkpoint)
    return TrainedEncoder(config, networks, operating_point, torch.device(device))
