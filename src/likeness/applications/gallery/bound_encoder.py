"""The encoder that a gallery is bound to: of a run, or of an ONNX file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.applications.encoder import BATCH, TrainedEncoder, load
from likeness.applications.gallery.encoder_identity import identity, refuse_other
from likeness.applications.gallery.store import Settings
from likeness.config.make import make
from likeness.config.schema.networks import Onnx
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN, Comparison
from likeness.recipes.embedding.onnx_evaluation import onnx_evaluation
from likeness.recipes.evaluation_overrides import is_onnx
from likeness.runs.record.source import hash_of_file
from likeness.runs.training.devices import device_of
from likeness.spatial import SpatialSize


class BoundEncoder(NamedTuple):
    """An encoder, `where` it lies, and its `identity`.

    `embed` makes embeddings `[B, D]` of uint8 images `[B, channels, *spatial_size]`; `run` is the run's, or None.
    """

    where: Path
    identity: dict[str, Any]
    embed: Callable[[Tensor], Tensor]
    comparison: Comparison
    spatial_size: SpatialSize
    channels: int
    run: TrainedEncoder | None

    def encode(self, images: Sequence[Tensor]) -> NDArray[np.float32]:
        """The encodings `[N, D]` of uint8 images.

        Raises:
            LikenessError: they are not finite.
        """
        parts = [
            self.embed(torch.stack(list(images[start : start + BATCH])))
            for start in range(0, len(images), BATCH)
        ]
        encoded = torch.cat(parts)
        if not encoded.isfinite().all():
            raise LikenessError(
                f"{self.where} makes encodings that are not numbers: take another encoder, or train it again with a "
                "lower optimizer.lr."
            )
        return encoded.numpy()


def encoder_at(where: Path, overrides: Sequence[str] = (), trust: Sequence[str] = ()) -> BoundEncoder:
    """The encoder of a run's folder, or of an ONNX file with the `backbone` that `overrides` make.

    Raises:
        LikenessError: it can't be loaded, a run is given overrides, or a file keeps its weights in others.
    """
    if is_onnx(where):
        return _of_file(where, overrides)
    if overrides:
        raise LikenessError(f"{overrides[0]} can't be changed: the network is the run's own.")
    return _of_run(where, trust)


def encoder_of(
    settings: Settings,
    gallery: str,
    elsewhere: Path | None = None,
    trust: Sequence[str] = (),
    option: str = "--run",
) -> BoundEncoder:
    """The encoder that a gallery is bound to, where it was, or `elsewhere`, which a command takes by an `option`.

    Raises:
        LikenessError: it is gone, or another one.
    """
    where = elsewhere or Path(settings.where)
    if not where.exists():
        raise LikenessError(
            f"The encoder of {gallery} is no longer at {where}: say with {option} where it is."
        )
    if is_onnx(where):
        if settings.encoder["embedder"] is not None:
            raise LikenessError(
                f"{gallery} is bound to a run, and {where} is an ONNX file: name the run's folder with {option}, or "
                "move the gallery with likeness gallery reencode."
            )
        node = Onnx.model_validate({**settings.encoder["backbone"], "path": str(where)})
        found = _of_onnx(where, node)
    else:
        found = _of_run(where, trust)
    refuse_other(settings.encoder, found.identity, gallery, str(where))
    return found


def comparison_for(
    settings: Settings,
    gallery: str,
    elsewhere: Path | None = None,
    trust: Sequence[str] = (),
    option: str = "--run",
) -> Comparison:
    """By what a gallery compares two encodings; its encoder is loaded only where that is by a learned head.

    Raises:
        LikenessError: as `encoder_of` does.
    """
    if settings.encoder["head"] is None:
        return EUCLIDEAN
    return encoder_of(settings, gallery, elsewhere, trust, option).comparison


def _of_run(run: Path, trust: Sequence[str]) -> BoundEncoder:
    encoder = load(run, device=device_of("auto"), trust=trust)
    config = encoder.config
    size, channels = config.backbone.spatial_size, config.backbone.channels
    shown = identity(
        weights=encoder.weights,
        backbone=config.backbone.plain(),
        embedder=config.embedder.plain(),
        head=None if config.head is None else config.head.plain(),
        flip=config.evaluation.flip,
        dimensions=encoder.dimensions,
    )
    return BoundEncoder(run, shown, encoder.encode, encoder.comparison, size, channels, encoder)


def _of_file(path: Path, overrides: Sequence[str]) -> BoundEncoder:
    node = onnx_evaluation(path, overrides).backbone
    assert isinstance(node, Onnx)
    return _of_onnx(path, node)


def _of_onnx(path: Path, node: Onnx) -> BoundEncoder:
    from likeness.models.onnx_encoder import refuse_weights_elsewhere

    network = make(node).eval()
    try:
        refuse_weights_elsewhere(path)
    except ValueError as error:
        raise LikenessError(str(error)) from error
    shown = identity(
        weights=hash_of_file(path),
        backbone=node.plain(),
        embedder=None,
        head=None,
        flip=False,
        dimensions=network.embedding_dim,
    )
    return BoundEncoder(path, shown, network, EUCLIDEAN, node.spatial_size, node.channels, None)
