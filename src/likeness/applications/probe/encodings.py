"""Each layer's values on images, pooled, by a network that stays as it is: made once, and kept."""

from collections.abc import Iterator

import torch
from torch import Tensor

from likeness.applications.probe.subject import ProbedNetwork, Subject
from likeness.data.as_float import as_float
from likeness.data.loading import ordered_loader
from likeness.data.skipping import SkippingUnreadable
from likeness.data.stored_encodings import (
    Encoded,
    StoredEncodings,
    fingerprint_of,
    folder_of,
    read_encodings,
    write_encodings,
)
from likeness.errors import LikenessError, mend_of
from likeness.inspection import pooled
from likeness.runs.training.devices import device_of

INPUT = "raw input"


def encodings_of(subject: Subject, network: ProbedNetwork, images: SkippingUnreadable) -> StoredEncodings:
    """Of each image the input itself, each layer and what the network gives, by name, as far as it can be read.

    Values are as the next layer takes them: where a ReLU follows, none is below zero.

    Raises:
        LikenessError: no image can be read, a layer gives what is no number, or the disk is full.
    """
    config, device = subject.config, device_of("auto")
    embedder = None if config.embedder is None else config.embedder.plain()
    decides = {
        "weights": network.weights,
        "backbone": {**config.backbone.plain(), "weights": None},
        "embedder": embedder,
        "layers": [*subject.layers, subject.last],
        "features": config.features,
        "batch_size": config.batch_size,
        "images": fingerprint_of(images),
        "torch": torch.__version__,
        "device": device.type,
    }
    folder = folder_of(decides)
    if (known := read_encodings(folder)) is not None:
        return known
    try:
        return write_encodings(folder, len(images), _encoded(subject, network, images, device))
    except ValueError as error:
        raise LikenessError(f"{subject.title} can't be probed: {error}.") from error
    except OSError as error:
        raise LikenessError(
            f"The encodings can't be kept in {folder} ({error.strerror or error}); {mend_of(error)}, or set "
            "XDG_CACHE_HOME to another place."
        ) from error


def _encoded(
    subject: Subject, network: ProbedNetwork, images: SkippingUnreadable, device: torch.device
) -> Iterator[Encoded]:
    from rich.console import Console
    from rich.progress import track

    config, layers = subject.config, network.layered
    layers.network.to(device)
    loader = ordered_loader(
        images, range(len(images)), batch_size=config.batch_size, workers=config.loader.workers
    )
    terminal = Console(stderr=True)
    for batch in track(
        loader, "images", len(loader), console=terminal, transient=True, disable=not terminal.is_terminal
    ):
        if not len(batch.index):
            continue
        values = as_float(batch.images.to(device))
        found = {INPUT: pooled(values, config.features).cpu()}

        def take(name: str, maps: Tensor, found: dict[str, Tensor] = found) -> None:
            seen = maps.clamp(min=0) if layers.layers[name].rectified else maps
            found[name] = pooled(seen, config.features).cpu()

        with torch.inference_mode():
            found[subject.last] = layers.through(values, subject.layers, take).flatten(1).float().cpu()
        yield (
            batch.index.numpy(),
            {name: found[name].numpy() for name in (INPUT, *subject.layers, subject.last)},
        )
