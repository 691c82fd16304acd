"""Encode images by a trained network, an ONNX file, or their own pixels."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.as_float import as_float, unscaled
from likeness.data.batch import Batch
from likeness.data.images import Images
from likeness.data.loading import ordered_loader
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.evaluation import Episodes

Encode = Callable[[Tensor], Tensor]
"""From images `[B, C, *spatial]` in [0, 1] to embeddings `[B, D]`."""


def encode(
    encoder: Encode,
    samples: SkippingUnreadable,
    *,
    device: torch.device,
    batch_size: int,
    workers: int,
    flip: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The indices `[M]` of the images that can be read, ascending, and their embeddings `[M, D]`.

    With `flip`, an embedding is the mean of those of an image and of its mirror image, set to their mean length.

    Raises:
        LikenessError: no image can be read, or an embedding is not a number.
    """
    loader = ordered_loader(samples, range(len(samples)), batch_size=batch_size, workers=workers)
    indices, embeddings = [], []
    with torch.inference_mode():
        for batch in filter(_has_images, loader):
            indices.append(batch.index)
            embeddings.append(encode_images(encoder, as_float(batch.images.to(device)), flip=flip).cpu())
    if not indices:
        raise LikenessError(f"None of the {len(samples)} images to test on can be read: replace them.")
    encoded = torch.cat(embeddings)
    if not encoded.isfinite().all():
        raise LikenessError(
            "The encoder makes embeddings that are not numbers: train it with a lower optimizer.lr, or in "
            "trainer.precision=32."
        )
    return torch.cat(indices).numpy(), encoded.numpy()


def encode_images(encoder: Encode, images: Tensor, *, flip: bool) -> Tensor:
    """The embeddings `[B, D]`, float32, of images `[B, C, *spatial]` in [0, 1]; `flip` as in `encode`."""
    embedding = encoder(images).float()
    if not flip:
        return embedding
    mirrored = encoder(images.flip(-1)).float()
    length = (embedding.norm(dim=1, keepdim=True) + mirrored.norm(dim=1, keepdim=True)) / 2
    return length * torch.nn.functional.normalize(embedding + mirrored)


def pixel_distances(
    samples: Images,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    *,
    block: int = 256,
    held: int = 64 * 2**20,
) -> NDArray[np.float64]:
    """Squared Euclidean distances `[M]` of raw values, bytes in [0, 1].

    The pairs are taken by what images they share, so that an image is loaded once for many of them; images of twice
    `held` bytes are held at once, and a block of pairs in double precision.
    """
    distances = np.empty(len(first))
    if not len(first):
        return distances
    (one,) = samples.load([int(first[0])])
    images, places = np.unique(np.stack([first, second]), return_inverse=True)
    across = places.reshape(2, -1) // max(1, held // one.nbytes)
    tiles = across[0] * len(images) + across[1]
    for tile in np.unique(tiles):
        pairs = np.flatnonzero(tiles == tile)
        used = np.unique(np.stack([first[pairs], second[pairs]]))
        loaded = torch.stack(samples.load(used.tolist())).flatten(1)
        for start in range(0, len(pairs), block):
            at = pairs[start : start + block]
            # never one pair alone, of which each of torch's threads would sum a part, and round otherwise
            at = np.resize(at, max(2, len(at)))
            a, b = (
                unscaled(loaded[np.searchsorted(used, side[at])], torch.float64) for side in (first, second)
            )
            distances[at] = (a - b).square().sum(1).numpy()
    return distances


def raw_values(samples: Images, indices: NDArray[np.int64]) -> NDArray[np.float32]:
    """The values `[M, C * prod(spatial)]` of samples, bytes in [0, 1]; all are held at once."""
    return unscaled(torch.stack(samples.load(indices.tolist())).flatten(1), torch.float32).numpy()


def pixel_episode_distances(samples: Images, episodes: Episodes) -> NDArray[np.float64]:
    """Squared Euclidean distances `[E, N, N, K]` of raw values, bytes in [0, 1], an episode at a time: of each query to
    each image of each class.
    """
    return np.stack(
        [_of_episode(samples, *each) for each in zip(episodes.query, episodes.support, strict=True)]
    )


def _of_episode(samples: Images, query: NDArray[np.int64], support: NDArray[np.int64]) -> NDArray[np.float64]:
    asked, shown = (
        unscaled(torch.stack(samples.load(which.ravel().tolist())).flatten(1), torch.float64)
        for which in (query, support)
    )
    distance = torch.cdist(asked, shown, compute_mode="donot_use_mm_for_euclid_dist").square_()
    return distance.reshape(len(query), *support.shape).numpy()


def _has_images(batch: Batch) -> bool:
    return len(batch.index) > 0
