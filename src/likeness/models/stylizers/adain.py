"""Adaptive instance normalisation: the features of a content with the channel statistics of a style."""

from collections.abc import Sequence
from math import inf

import torch
from torch import Tensor


def adain(content: Tensor, style: Tensor, eps: float = 1e-5) -> Tensor:
    """`sigma(y) (x - mu(x)) / sigma(x) + mu(y)` of features x and y (Huang and Belongie 2017, eq. 8).

    Args:
        content: x, `[B, C, *spatial]` of any spatial rank.
        style: y, `[B, C, *spatial]` of any size, or `[1, C, *spatial]` for all contents.
        eps: added to each variance, which is over the positions of one channel of one image, as in their eq. 6.

    Returns:
        `[B, C, *spatial]` of the content's size, in float32 (in float64 if x is float64), whatever autocast asks for.

    Raises:
        ValueError: x and y have other numbers of channels.
    """
    if content.shape[1] != style.shape[1]:
        raise ValueError(
            f"The content has {content.shape[1]} channels and the style {style.shape[1]}; "
            "both must come from one layer of one encoder."
        )
    content, style = _working(content), _working(style)
    variance, mean = _variance_and_mean(content)
    style_variance, style_mean = _variance_and_mean(style)
    return (content - mean) * ((style_variance + eps) / (variance + eps)).sqrt() + style_mean


def blended_adain(
    content: Tensor, styles: Sequence[Tensor], weights: Sequence[float] | None = None, strength: float = 1.0
) -> Tensor:
    """`(1 - strength) x + strength sum_k w_k adain(x, y_k)` (Huang and Belongie 2017, eq. 14 and 15).

    Args:
        content: x, `[B, C, *spatial]`.
        styles: the y_k, each as `adain` takes it.
        weights: one for each style, none negative, scaled so that they sum to 1; None: all alike.
        strength: their alpha, from 0 (the content as it is) to 1.

    Raises:
        ValueError: there is not one weight for each style, one is negative or all are 0, or the strength is not
            in [0, 1].
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"The strength of a style is from 0 to 1, but this one is {strength:g}.")
    shares = _shares(len(styles), weights)
    styled = torch.stack([share * adain(content, style) for share, style in zip(shares, styles, strict=True)])
    return torch.lerp(_working(content), styled.sum(0), strength)


def _shares(styles: int, weights: Sequence[float] | None) -> list[float]:
    weights = [1.0] * styles if weights is None else weights
    if len(weights) != styles:
        raise ValueError(f"There are {styles} styles but {len(weights)} weights; give one for each style.")
    if not all(0 <= weight < inf for weight in weights) or not sum(weights):
        raise ValueError(
            f"The weights of the styles are {list(weights)}; "
            "none may be negative or infinite, and one must be positive."
        )
    return [weight / sum(weights) for weight in weights]


def _working(features: Tensor) -> Tensor:
    return features if features.dtype == torch.float64 else features.float()


def _variance_and_mean(features: Tensor) -> tuple[Tensor, Tensor]:
    """Over the positions of each channel of each image, `[B, C, 1, ...]`; exact 0 where a channel is constant."""
    return torch.var_mean(features, dim=tuple(range(2, features.ndim)), correction=0, keepdim=True)
