"""Images of any size for networks that halve it."""

from torch import Tensor
from torch.nn import functional


def pad_to_multiple(images: Tensor, stride: int) -> Tensor:
    """`images [B, C, H, W]` with the last rows and columns repeated until each side is a multiple of `stride`.

    A side has two strides at least, so that the smallest map of a network of that stride has 2 x 2 positions and can
    be reflected. What comes out of the network is cut back with `[..., :H, :W]`.
    """
    height, width = (max(-(-side // stride), 2) * stride for side in images.shape[-2:])
    right, bottom = width - images.shape[-1], height - images.shape[-2]
    if not right and not bottom:
        return images
    return functional.pad(images, (0, right, 0, bottom), mode="replicate")
