"""Keeping the content's colours: Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer".

All functions are pure, on float images `[3, H, W]` in RGB; what goes in lies in [0, 1], what comes out may leave it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# RGB to luminance Y and chroma I, Q (NTSC, with the digits of ITU-R BT.601's luma).
YIQ = ((0.299, 0.587, 0.114), (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))

_NO_VARIANCE = 1e-6
"""As a share of the largest eigenvalue: below it a direction of colour has no variance but that of rounding."""


class Moments(NamedTuple):
    """An image's mean colour `[3]` and the covariance of its colours `[3, 3]`, float64."""

    mean: Tensor
    covariance: Tensor


def moments(image: Tensor) -> Moments:
    """The mean and the covariance over all pixels (divided by their number)."""
    colours = image.flatten(1).double()
    mean = colours.mean(1)
    away = colours - mean[:, None]
    return Moments(mean, away @ away.T / away.shape[1])


def match_color(style: Tensor, content: Tensor) -> Tensor:
    """The style in the content's colours: with the mean and the covariance of the content's pixels.

    Each pixel x becomes A x + b with A = C^(1/2) S^(-1/2) and b = mean(content) - A mean(style), where C and S are the
    covariances of content and style, and the roots are symmetric: the paper's variant after Hertzmann et al. 2001.
    Directions of colour in which the style doesn't vary, as all but one of a grey style's, stay without variance.

    Args:
        style: `[3, H, W]`.
        content: `[3, H', W']`.

    Returns:
        `[3, H, W]`, of the style's type.
    """
    of_style, of_content = moments(style), moments(content)
    change = _power(of_content.covariance, 0.5) @ _power(of_style.covariance, -0.5)
    shift = of_content.mean - change @ of_style.mean
    matched = change @ style.flatten(1).double() + shift[:, None]
    return matched.to(style.dtype).reshape(style.shape)


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """A symmetric power of a covariance, 0 in its directions without variance (as a pseudo-inverse has it)."""
    values, vectors = torch.linalg.eigh(covariance)
    varies = values > _NO_VARIANCE * values[-1].clamp(min=_NO_VARIANCE)
    powers = torch.where(varies, values.clamp(min=1e-30) ** exponent, 0.0)
    return vectors * powers @ vectors.T


def luminance(image: Tensor) -> Tensor:
    """Y of YIQ, `[1, H, W]`."""
    return torch.einsum("c,chw->hw", image.new_tensor(YIQ[0]), image)[None]


def luminance_pair(style: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
    """The images by which luminance alone is transferred, style and content: grey `[3, H, W]` and `[3, H', W']`.

    The content's is its luminance; the style's luminance is shifted and scaled to the content's mean and standard
    deviation. A style of one luminance has nothing to scale, and keeps that.
    """
    of_style, of_content = luminance(style), luminance(content)
    spread = of_style.std(correction=0)
    scale = torch.where(
        spread > _NO_VARIANCE, of_content.std(correction=0) / spread.clamp(min=_NO_VARIANCE), 1.0
    )
    matched = (of_style - of_style.mean()) * scale + of_content.mean()
    return matched.expand(3, -1, -1), of_content.expand(3, -1, -1)


def keep_luminance(generated: Tensor, content: Tensor) -> Tensor:
    """The luminance of `generated` with the chroma of `content`, both `[3, H, W]`."""
    to_yiq = generated.new_tensor(YIQ)
    chroma = torch.einsum("kc,chw->khw", to_yiq, content)[1:]
    return torch.einsum("ck,khw->chw", torch.linalg.inv(to_yiq), torch.cat([luminance(generated), chroma]))
