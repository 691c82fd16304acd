"""The cost of content: features of the generated image beside those of the content image, position by position."""

from torch import Tensor

from .difference import Reduction, difference_sums, reduced
from .style_statistic import Sums


def content_sums(features: Tensor, target: Tensor, reduction: Reduction = "mean") -> Sums:
    """What `content_cost` needs of a part of the image; see there."""
    if features.shape[1:] != target.shape[1:] or len(target) not in (1, len(features)):
        raise ValueError(
            f"content features are {list(features.shape)} but their target {list(target.shape)}; "
            "give the content and the generated image the same size"
        )
    return difference_sums(features, target, reduction)


def content_cost(features: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    """The difference of features `[B, C, *spatial]` from `target`, of the same shape or with a batch of 1.

    Gatys et al. 2016, eq. 1; the values of `reduction` are those of `difference.reduced`. 0-d, the mean over the batch.

    Raises:
        ValueError: the shapes differ.
    """
    return reduced(content_sums(features, target, reduction), reduction)
