"""Encodings of images by a network that stays as it is: made in one pass, and kept for the next run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

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

Encode = Callable[[Tensor], Mapping[str, Tensor]]
"""From images `[B, C, *spatial]` on a device to encodings `[B, D]` by name."""


def kept_encodings(
    images: SkippingUnreadable,
    encode: Encode,
    *,
    decides: Mapping[str, Any],
    device: torch.device,
    batch_size: int,
    workers: int,
    whose: str,
) -> StoredEncodings:
    """The encodings of all images that can be read; they are made only where the same were not made before.

    Args:
        images: what is encoded.
        encode: the network, on `device` and in evaluation mode.
        decides: plain values, beside the images, on which the encodings depend: above all a hash of the weights.
        device: where.
        batch_size: how many at a time.
        workers: loader processes.
        whose: what to call the network in a message.

    Raises:
        LikenessError: no image can be read, an encoding is no number, or the disk is full.
    """
    decides = {
        **decides,
        "images": fingerprint_of(images),
        "batch_size": batch_size,
        "torch": torch.__version__,
        "device": device.type,
    }
    folder = folder_of(decides)
    if (known := read_encodings(folder)) is not None:
        return known
    try:
        return write_encodings(folder, len(images), _encoded(images, encode, device, batch_size, workers))
    except ValueError as error:
        raise LikenessError(f"The images can't be encoded by {whose}: {error}.") from error
    except OSError as error:
        raise LikenessError(
            f"The encodings can't be kept in {folder} ({error.strerror or error}); {mend_of(error)}, or set "
            "XDG_CACHE_HOME to another place."
        ) from error


def _encoded(
    images: SkippingUnreadable, encode: Encode, device: torch.device, batch_size: int, workers: int
) -> Iterator[Encoded]:
    from rich.console import Console
    from rich.progress import track

    loader = ordered_loader(images, range(len(images)), batch_size=batch_size, workers=workers)
    terminal = Console(stderr=True)
    hidden = not terminal.is_terminal
    for batch in track(loader, "encoding", len(loader), console=terminal, transient=True, disable=hidden):
        if len(batch.index):
            with torch.inference_mode():
                encoded = encode(as_float(batch.images.to(device)))
            yield batch.index.numpy(), {name: one.float().cpu().numpy() for name, one in encoded.items()}
