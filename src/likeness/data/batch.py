"""What the network is trained on at a step."""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """A batch of labelled images.

    `images` `[B, C, *spatial]`: uint8 from the loader (a quarter of the traffic), float in [0, 1] on the device; or
    floats all the way, as the data have them;
    `identity` `[B]` int64; `index` `[B]` int64, the images' numbers in their data.
    """

    images: Tensor
    identity: Tensor
    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which a batch has no use for
