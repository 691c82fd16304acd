"""The operating point of a run, `operating_point.json`: the threshold on its distances, and their calibration.

Both are chosen on its validation identities alone.
"""

import torch

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.evaluation import OperatingPoint, choose_operating_point
from likeness.recipes.embedding.build import drawn_pairs
from likeness.recipes.embedding.encode import encode
from likeness.recipes.embedding.measure import Encoder, rows_of


def operating_point_on(
    encoder: Encoder, validation: SkippingUnreadable, config: EmbeddingConfig, *, device: torch.device
) -> OperatingPoint:
    """The operating point of an encoder, on balanced pairs of the validation images that are drawn by the seed.

    Raises:
        LikenessError: too few of the images could be read.
    """
    settings = config.evaluation
    images, embeddings = encode(
        encoder.encode,
        validation,
        device=device,
        batch_size=settings.batch_size,
        workers=config.loader.workers,
        flip=settings.flip,
    )
    pairs = rows_of(drawn_pairs(validation, config), images)
    try:
        distance = encoder.comparison.pairs(embeddings, pairs.first, pairs.second)
        return choose_operating_point(distance, pairs.same, settings.far)
    except ValueError as error:
        raise LikenessError(f"No threshold can be chosen on the validation identities: {error}.") from error
