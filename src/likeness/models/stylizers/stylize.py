"""An image painted in one forward pass."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from likeness.models.stylizers.adain import blended_adain
from likeness.models.stylizers.decoder import AdainDecoder
from likeness.models.stylizers.layer_shapes import Encoder
from likeness.models.stylizers.sides import pad_to_multiple


@torch.no_grad()
def stylize_by_adain(
    content: Tensor,
    styles: Sequence[Tensor],
    encoder: Encoder,
    decoder: AdainDecoder,
    *,
    weights: Sequence[float] | None = None,
    strength: float = 1.0,
) -> Tensor:
    """The content image in the given styles (Huang and Belongie 2017), `[3, H, W]` in [0, 1].

    Args:
        content: `[3, H, W]` in [0, 1], of any size.
        styles: images likewise, each of its own size.
        encoder: what `decoder` was trained with, on the device of the images, as the decoder too.
        decoder: the trained decoder.
        weights: one for each style, as `blended_adain` takes them.
        strength: from 0, the content as the decoder gives it back, to 1.

    Raises:
        ValueError: weights or a strength that `blended_adain` refuses.
    """
    height, width = content.shape[-2:]
    features, *of_styles = (
        encoder(pad_to_multiple(image[None], decoder.stride))[decoder.layer] for image in (content, *styles)
    )
    generated = decoder(blended_adain(features, of_styles, weights, strength))
    return generated[0, :, :height, :width].clamp(0, 1)


@torch.no_grad()
def stylize_by_network(content: Tensor, network: Callable[[Tensor], Tensor]) -> Tensor:
    """The content image `[3, H, W]` in the one style of a trained `TransformerNet`, `[3, H, W]` in [0, 1].

    The network must be in evaluation mode where it has batch normalisation.
    """
    return network(content[None])[0].clamp(0, 1)
