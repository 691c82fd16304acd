"""Margins of a softmax: what the cosine of an image and its own class centre becomes, and by which slope."""

from typing import NamedTuple

import torch
from torch import Tensor

ADAFACE_END = 1e-3
"""AdaFace's angles end so far from 0 and from pi, as in the authors' code."""


class Margined(NamedTuple):
    """The `value` [B] that takes a cosine's place, and its derivative by the cosine, `slope` [B]."""

    value: Tensor
    slope: Tensor


def additive_angle(cosine: Tensor, margin: float | Tensor) -> Margined:
    """`cos(theta + m)` (ArcFace: Deng et al. 2019, eq. 3) of cosines [B], m in radians.

    Where `theta + m` would pass pi, the authors' code goes on with `cos(theta) - m sin(m)`, so that the value keeps
    falling.
    """
    margin = torch.as_tensor(margin, dtype=cosine.dtype, device=cosine.device)
    sine = _sine(cosine)
    turned = cosine * margin.cos() - sine * margin.sin()
    slope = margin.cos() + margin.sin() * cosine / sine
    within = cosine >= -margin.cos()  # theta <= pi - m
    return Margined(
        torch.where(within, turned, cosine - margin * margin.sin()),
        torch.where(within, slope, torch.ones_like(slope)),
    )


def additive_cosine(cosine: Tensor, margin: float) -> Margined:
    """`cos(theta) - m` (CosFace: Wang et al. 2018, eq. 4) of cosines [B]."""
    return Margined(cosine - margin, torch.ones_like(cosine))


def by_quality(cosine: Tensor, quality: Tensor, margin: float) -> Margined:
    """`cos(theta + g_angle) - g_add` (AdaFace: Kim et al. 2022, eq. 7 and 8) of cosines [B].

    With the `quality` [B] in -1 to 1, `g_angle` is `-m` times it and `g_add` is `m + m` times it: images of low quality
    get ArcFace's margin in reverse, those of high quality pull harder when they are far off.
    """
    angle = cosine.clamp(-1, 1).acos()
    turned = angle - margin * quality
    kept = turned.clamp(ADAFACE_END, torch.pi - ADAFACE_END)
    slope = torch.where(kept == turned, kept.sin() / _sine(cosine), torch.zeros_like(kept))
    return Margined(kept.cos() - (margin + margin * quality), slope)


def _sine(cosine: Tensor) -> Tensor:
    """The sine of the angle, but never so small that a slope is infinite."""
    smallest = torch.finfo(cosine.dtype).eps ** 0.5
    return (1 - cosine.square()).clamp(min=0).sqrt().clamp(min=smallest)
