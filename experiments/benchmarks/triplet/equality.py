"""One step of a loss, and the assertion that libraries take the same one."""

import torch
from batches import WIDTH, batch
from contenders import OURS, Loss
from torch import Tensor


def step(loss: Loss, embedding: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
    """Forward and backward: the loss, 0-d, and its gradient [B, D]."""
    leaf = embedding.detach().requires_grad_()
    leaf.grad = None
    value = loss(leaf, identity)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def assert_equal(contenders: dict[str, Loss], size: int, width: int = WIDTH) -> None:
    """Loss and gradient agree: to 1e-9 in float64; in float32 but for peers' rounding, which may flip a
    triplet.
    """
    for dtype, loss_error, gradient_error in ((torch.float64, 1e-9, 1e-9), (torch.float32, 1e-4, 1e-2)):
        embedding, identity = batch(size, dtype, width)
        value, gradient = step(contenders[OURS], embedding, identity)
        for name, loss in contenders.items():
            peer_value, peer_gradient = step(loss, embedding, identity)
            off = abs(float(value - peer_value)) / float(value)
            assert off <= loss_error, f"{name}, B = {size}, {dtype}: loss differs by {off:.1e}"
            off = float((gradient - peer_gradient).norm() / gradient.norm())
            assert off <= gradient_error, f"{name}, B = {size}, {dtype}: gradient differs by {off:.1e}"
