"""Reflection, against PyTorch's own."""

import pytest
import torch
from torch.nn import functional

from likeness.models.stylizers.reflection import Reflection


@pytest.mark.parametrize("width", [1, 4])
def test_values_and_gradient_are_pytorch_s(width: int) -> None:
    images = torch.rand(2, 3, 5, 9, dtype=torch.float64, requires_grad=True)
    ours, theirs = Reflection(width)(images), functional.pad(images, (width,) * 4, mode="reflect")
    assert ours.equal(theirs)
    upstream = torch.rand_like(theirs)
    torch.testing.assert_close(
        *(torch.autograd.grad(padded, images, upstream)[0] for padded in (ours, theirs))
    )
