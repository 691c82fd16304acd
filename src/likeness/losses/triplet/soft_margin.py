"""The soft margin."""

from torch import Tensor
from torch.nn import functional


def softplus(gap: Tensor) -> Tensor:
    """log(1 + exp(gap)), without the cut-off of PyTorch's own, which is off by 2e-9."""
    return -functional.logsigmoid(-gap)
