"""Faces brought to one pose: the similarity transform of five points to a template, and the image under it."""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

SIDE = 112
"""Pixels of the template's side."""

TEMPLATE = 0.5 + np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the eyes, the nose and the corners of the mouth lie in an aligned face, `[5, 2]` in pixels of 112 x 112.

Deng, Guo, Xue and Zafeiriou, "ArcFace: additive angular margin loss for deep face recognition", CVPR 2019, in the
numbers of the authors' code. That code, and all published crops, count from the first pixel's centre; here (0, 0) is
its outer corner, and so each number is half a pixel larger.
"""

_LEAST_SCALE = 1e-6
"""Pixels of the template for one of the image: below it, points lie on each other's mirror image and say no angle."""


def similarity_transform(source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """The matrix `[2, 3]` of the similarity (scale, rotation, shift; no reflection) that takes `source` to `target`.

    It minimises the sum of squared distances. Umeyama, "Least-squares estimation of transformation parameters between
    two point patterns", PAMI 13(4), 1991, eq. 40 to 42, whose singular value decomposition is in the plane a quotient
    of complex numbers: with centred points s and t, scale times rotation is `sum(conj(s) t) / sum(|s|^2)`.

    Args:
        source: points `[N, 2]`, x and y.
        target: as many.

    Raises:
        ValueError: there are not as many of both, a number isn't finite, or the points say no scale or no angle.
    """
    both = [np.asarray(points, dtype=np.float64) for points in (source, target)]
    if both[0].shape != both[1].shape or both[0].ndim != 2 or both[0].shape[1] != 2 or len(both[0]) < 2:
        raise ValueError(
            f"A similarity takes two points or more `[N, 2]` to as many, but has {list(both[0].shape)} and "
            f"{list(both[1].shape)}."
        )
    if not all(np.isfinite(points).all() for points in both):
        raise ValueError(
            "A point to align by is not a finite number: give all of them, or leave the face out."
        )
    s, t = (points[:, 0] + 1j * points[:, 1] for points in both)
    s_mean, t_mean = s.mean(), t.mean()
    spread = float((np.abs(s - s_mean) ** 2).sum())
    turn = complex((np.conj(s - s_mean) * (t - t_mean)).sum() / spread) if spread > 0 else 0j
    if not _LEAST_SCALE < abs(turn) < 1 / _LEAST_SCALE:
        raise ValueError(
            "The points to align by lie all in one place, or say no angle: leave the face out, or correct them."
        )
    shift = complex(t_mean - turn * s_mean)
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def aligned(
    image: Tensor, points: Tensor, size: int = SIDE, *, template: NDArray[np.float64] = TEMPLATE
) -> Tensor:
    """The face with `points`, upright and in the template's place; the same on every run.

    Pixels are interpolated bilinearly. Where the face shrinks, the filter's triangle is as much wider, so that nothing
    aliases; for an upright face that is the antialiased bilinear resizing of Pillow and torchvision. What lies outside
    of the image is black.

    Args:
        image: uint8 `[3, H, W]`.
        points: `[5, 2]`, x and y of the eyes, the nose and the corners of the mouth, left before right as seen in the
            image; continuous, (0, 0) the outer corner of the first pixel.
        size: the side of the result, in pixels.
        template: where the points go, `[5, 2]` in pixels of 112 x 112: another one for an encoder that learned from
            faces in another place.

    Returns:
        uint8 `[3, size, size]`.

    Raises:
        ValueError: the points say no place, scale or angle, or an argument has another shape.
    """
    if image.ndim != 3 or len(image) != 3 or image.dtype != torch.uint8 or image.numel() == 0:
        raise ValueError(
            f"A face is aligned in a uint8 image [3, H, W], but `image` is {image.dtype} {list(image.shape)}."
        )
    if tuple(points.shape) != TEMPLATE.shape:
        raise ValueError(
            f"A face is aligned by five points [5, 2], but `points` has the shape {list(points.shape)}."
        )
    if size < 1:
        raise ValueError(f"An aligned face has at least one pixel, but size={size}.")
    matrix = similarity_transform(points.detach().cpu().double().numpy(), template * (size / SIDE))
    turn = complex(matrix[0, 0], matrix[1, 0])
    centres = np.arange(size) + 0.5
    there = centres[None, :] + 1j * centres[:, None]
    seen = (there - complex(matrix[0, 2], matrix[1, 2])) / turn
    return _sampled(
        image, torch.from_numpy(seen.real.copy()), torch.from_numpy(seen.imag.copy()), 1 / abs(turn)
    )


def _sampled(image: Tensor, x: Tensor, y: Tensor, shrinking: float) -> Tensor:
    """The image at places `x` and `y`, `[size, size]` each, under a triangle of half width `shrinking`, at least 1."""
    half = max(1.0, shrinking)
    height, width = image.shape[1:]
    columns, across = _taps(x, half, width, image.device)
    rows, down = _taps(y, half, height, image.device)
    total = torch.zeros(3, *x.shape, device=image.device)
    for row, weight in zip(
        rows, down, strict=True
    ):  # all rows at once would take the memory of a large image
        total += (image[:, row, columns] * (across * weight)).sum(1)
    return total.round().clamp(0, 255).to(torch.uint8)


def _taps(place: Tensor, half: float, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The pixels below each triangle along one side, and their weights, `[taps, size, size]` each.

    Weights sum to 1 with those of the pixels outside, which are set to 0 after that: outside is black.
    """
    first = torch.floor(place - half + 0.5)
    index = first + torch.arange(math.ceil(2 * half) + 1, dtype=place.dtype)[:, None, None]
    weight = (1 - (index + 0.5 - place).abs() / half).clamp(min=0)
    weight = weight / weight.sum(0)
    inside = (index >= 0) & (index < side)
    any_inside = inside.flatten(1).any(1)  # however far apart the points are, no more than the image has
    index, weight, inside = index[any_inside], weight[any_inside], inside[any_inside]
    return index.clamp(0, side - 1).long().to(device), (weight * inside).float().to(device)
