"""The softmax over cosines to class centres that several devices share, with its gradient worked out by hand.

A device has the centres of some classes and the embeddings of all images. The devices meet three times: for the largest
logit of each image, for its sum of exponentials, and for the gradient by the embeddings. No normalised copy of the
centres is made: a centre's length divides its column of cosines, and its gradient is that of the direction less its own
radial part, which the cosines know.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch import distributed as dist
from torch.autograd.function import once_differentiable

from .margins import Margined

SHORTEST = 1e-12  # a length that is divided by


class Softmaxed(NamedTuple):
    """The mean cross-entropy `loss`, 0-d, differentiable; `cosine` [B] of each image to its own centre, detached."""

    loss: Tensor
    cosine: Tensor


def margin_softmax(
    embedding: Tensor,
    centres: Tensor,
    place: Tensor,
    margin: Callable[[Tensor], Margined],
    scale: float,
    *,
    shared: bool,
) -> Softmaxed:
    """Cross-entropy of `scale` times the cosines of embeddings and centres, with a margin at each image's own.

    Args:
        embedding: [B, D] of all images, on every device.
        centres: [C, D], this device's.
        place: [B] int64, the row of each image's own centre in `centres`; -1 where another device has it.
        margin: from the cosines [B] to the own centres to what takes their place.
        scale: the radius s of the sphere that the logits are taken on.
        shared: whether the other ranks of the process group have other centres.
    """
    return Softmaxed(*_MarginSoftmax.apply(embedding, centres, place, margin, scale, shared))


class _MarginSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        embedding: Tensor,
        centres: Tensor,
        place: Tensor,
        margin: Callable[[Tensor], Margined],
        scale: float,
        shared: bool,
    ) -> tuple[Tensor, Tensor]:
        size = len(embedding)
        length = embedding.norm(dim=1, keepdim=True).clamp_(min=SHORTEST)
        direction = embedding / length
        radius = centres.norm(dim=1).clamp_(min=SHORTEST)
        cosine = (direction @ centres.T).div_(radius)
        row = (place >= 0).nonzero()[:, 0]
        own = row, place[row]

        plain = cosine.new_zeros(size)
        plain[row] = cosine[own]
        plain = _summed(plain, shared)
        value, slope = margin(plain)
        cosine[own] = value[row]
        largest = _largest(cosine, shared)
        share = (cosine - largest[:, None]).mul_(scale).exp_()
        total = _summed(share.sum(1), shared)
        loss = (total.log() + scale * (largest - value)).mean()

        # the derivative by the cosines, [B, C]
        share *= (scale / size / total)[:, None]
        share[own] = (share[own] - scale / size) * slope[row]
        cosine[own] = plain[row]
        radial = cosine.mul_(share)
        share /= radius
        toward = _summed(torch.cat([share @ centres, radial.sum(1, keepdim=True)], dim=1), shared)
        ctx.save_for_backward(
            toward[:, :-1].addcmul_(direction, toward[:, -1:], value=-1).div_(length),
            direction,
            share,
            centres,
            radial.sum(0).div_(radius.square_()),
        )
        ctx.mark_non_differentiable(plain)
        return loss, plain

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor, _: Any) -> tuple[Tensor | None, ...]:
        by_embedding, direction, share, centres, radial = ctx.saved_tensors
        by_centres = None
        if ctx.needs_input_grad[1]:
            by_centres = (share * upstream).T @ direction
            by_centres.addcmul_(centres, (radial * upstream)[:, None], value=-1)
        return by_embedding * upstream, by_centres, None, None, None, None


def _summed(value: Tensor, shared: bool) -> Tensor:
    if shared:
        dist.all_reduce(value)
    return value


def _largest(cosine: Tensor, shared: bool) -> Tensor:
    """The largest number [B] of each row, over all devices."""
    none = cosine.new_full((len(cosine),), -torch.inf)  # where a device has no class
    largest = cosine.amax(1) if cosine.shape[1] else none
    if shared:
        dist.all_reduce(largest, dist.ReduceOp.MAX)
    return largest
