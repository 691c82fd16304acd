"""Several answers for faces or for background, of which the greatest counts."""

from torch import Tensor


def max_in_out(logits: Tensor, *, negatives: int) -> Tensor:
    """The log odds of a face, `max(positive logits) - max(negative logits)`, `[...]`.

    Tang et al. 2018 (PyramidBox), "max-in-out": for both kinds what S3FD's max-out (Zhang et al. 2017, section 3.3) is
    for background. The softmax of the two maxima is the sigmoid of their difference.

    Args:
        logits: `[..., C]`, the negative ones first.
        negatives: how many are for background; the other ones are for faces.
    """
    return logits[..., negatives:].amax(-1) - logits[..., :negatives].amax(-1)
