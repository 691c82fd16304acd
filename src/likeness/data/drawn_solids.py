"""Solids that are drawn, not downloaded: an identity is a shape.

A shape is made of blobs with rounded corners, some added and some cut away. The pose, how dense it is, how much of the
surface is worn away, a piece that is hidden, and noise vary within it.

Everything uses only +, -, *, /, floor and comparisons, which IEEE 754 rounds exactly, so that a solid has the same bits
in any batch and on any machine.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.draws import Keys, lattice
from likeness.data.drawn_samples import drawn_splits, hash_of_code, numbers
from likeness.data.images import DataSplits
from likeness.spatial import SpatialSize, refuse_channels, refuse_rank, sides

ADDED, CUT = 5, 2
"""Blobs that a shape is made of, and such as are cut away from it."""

_BLOCK_VALUES = 1 << 17
"""So many voxels are drawn at a time that the planes at work stay in a core's cache."""

Floats = NDArray[Any]
"""Always float32."""


def drawn_solids(
    *,
    identities: int,
    samples_per_identity: int,
    validation_identities: int,
    test_identities: int,
    seed: int,
    spatial_size: SpatialSize,
    channels: int,
) -> DataSplits:
    """Volumes `[1, D, H, W]` uint8, how much of each voxel is filled: shapes 0, 1, ... train, others validate and test.

    Each is a pure function of (seed, shape, number). With `validation_identities` 0 there is no validation split.

    Raises:
        ValueError: `spatial_size` is not three lengths, or `channels` is not 1.
    """
    refuse_rank(spatial_size, (3,), "drawn_solids")
    refuse_channels(channels, "drawn_solids")
    lengths = sides(spatial_size)
    code = hash_of_code(sys.modules[__name__])
    return drawn_splits(
        lambda identity, sample: solids(identity, sample, lengths)[:, None],
        "shape",
        {"source": "drawn_solids", "code_sha256": code, "spatial_size": list(lengths)},
        seed=seed,
        identities=identities,
        samples_per_identity=samples_per_identity,
        validation_identities=validation_identities,
        test_identities=test_identities,
    )


def solids(identity: Keys, sample: Keys, lengths: tuple[int, ...]) -> NDArray[np.uint8]:
    """Volumes `[B, *lengths]` of shapes with the keys `identity [B]`, each as its own key `sample [B]` has it."""
    voxels = int(np.prod(lengths))
    drawn = np.empty((len(identity), voxels), np.uint8)
    step = max(1, _BLOCK_VALUES // voxels)
    for start in range(0, len(identity), step):
        block = slice(start, start + step)
        drawn[block] = _block(identity[block], sample[block], lengths)
    return drawn.reshape(-1, *lengths)


def _block(identity: Keys, sample: Keys, lengths: tuple[int, ...]) -> NDArray[np.uint8]:
    axes = (np.linspace(-1, 1, length, dtype=np.float32) for length in lengths)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])
    pose = _turn(numbers(sample, "pose", -0.14, 0.14, 3))
    scale = numbers(sample, "scale", 0.9, 1.1)
    shift = numbers(sample, "shift", -0.08, 0.08, 3)
    worn = numbers(sample, "worn", 0.0, 0.2)
    filled = np.zeros((len(identity), grid.shape[1]), np.float32)
    for number in range(ADDED + CUT):
        blob = _blob(identity, number, pose, scale, shift, grid, worn)
        filled = np.maximum(filled, blob) if number < ADDED else np.minimum(filled, np.float32(1) - blob)
    filled *= _seen(sample, grid)
    noise = numbers(sample, "noise", 0.02, 0.12) * lattice(sample, "solid noise", grid.shape[1])
    ground, density = numbers(sample, "ground", 0.05, 0.35), numbers(sample, "density", 0.2, 0.65)
    clipped = np.clip(ground + density * filled + noise, 0, 1)
    values: NDArray[np.uint8] = np.floor(clipped * np.float32(255)).astype(np.uint8)
    return values


def _blob(
    identity: Keys, number: int, pose: Floats, scale: Floats, shift: Floats, grid: Floats, worn: Floats
) -> Floats:
    """How much of each voxel blob `number` of the shapes fills, `[B, V]` from 0 to 1.

    With u, v and w along its own axes, in half its lengths, it holds the voxels in which (1 - s)(u^2 + v^2 + w^2) +
    s(u^4 + v^4 + w^4) is below 1: an ellipsoid for s = 0, nearly a box for s = 1.
    """
    name = f"blob {number}"
    centre = numbers(identity, f"{name} centre", -0.5, 0.5, 3)
    half = numbers(identity, f"{name} lengths", 0.14, 0.5, 3)
    turn = _turn(numbers(identity, f"{name} turn", -1.0, 1.0, 3)) / half[:, :, None]
    own = _product(turn, pose) / scale[:, :, None]
    origin = _product(own, shift[:, :, None]) + _product(turn, centre[:, :, None])
    square = numbers(identity, f"{name} corners", 0.0, 1.0)
    total = np.zeros((len(own), grid.shape[1]), np.float32)
    for axis in range(3):
        along = own[:, axis, :1] * grid[0] + own[:, axis, 1:2] * grid[1]
        along = along + own[:, axis, 2:] * grid[2] - origin[:, axis]
        squared = along * along
        total += squared * (np.float32(1) - square + square * squared)
    inside: Floats = np.clip((np.float32(1) - worn - total) * np.float32(2) + np.float32(0.5), 0, 1)
    return inside


def _seen(sample: Keys, grid: Floats) -> Floats:
    """1 for each voxel that is seen and 0 for one that a plane hides, `[B, V]`."""
    normal = _turn(numbers(sample, "hidden from", -3.0, 3.0, 3))[:, 0]
    side = normal[:, :1] * grid[0] + normal[:, 1:2] * grid[1] + normal[:, 2:] * grid[2]
    return (side < numbers(sample, "hidden beyond", 0.6, 1.2)).astype(np.float32)


def _product(first: Floats, second: Floats) -> Floats:
    """The products of matrices `[B, 3, 3]` and `[B, 3, N]`, summed in one order on every machine."""
    total: Floats = first[:, :, :1] * second[:, :1]
    for at in (1, 2):
        total = total + first[:, :, at : at + 1] * second[:, at : at + 1]
    return total


def _turn(quaternion: Floats) -> Floats:
    """Rotations `[B, 3, 3]` of quaternions (1, b, c, d), given b, c and d `[B, 3]`; no root is needed."""
    b, c, d = (quaternion[:, at] for at in range(3))
    a = np.ones_like(b)
    length = a + b * b + c * c + d * d
    rows = [
        [a + b * b - c * c - d * d, 2 * (b * c - d), 2 * (b * d + c)],
        [2 * (b * c + d), a - b * b + c * c - d * d, 2 * (c * d - b)],
        [2 * (b * d - c), 2 * (c * d + b), a - b * b - c * c + d * d],
    ]
    matrix = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    turned: Floats = (matrix / length[:, None, None]).astype(np.float32)
    return turned
