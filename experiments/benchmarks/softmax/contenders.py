"""ArcFace by four ways of computing the same step: ours, the plain formula under autograd, and the library's."""

import math
from collections.abc import Callable

import torch
from pytorch_metric_learning.losses import ArcFaceLoss as PeerLoss
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize

from likeness.losses import ArcFaceLoss

OURS, PLAIN, PML = "likeness", "plain softmax", "pytorch-metric-learning"
MARGIN, SCALE, WIDTH = 28.6, 64.0, 512
Step = Callable[[], tuple[Tensor, Tensor, Tensor]]
"""Forward and backward: the loss, 0-d, and its gradients by the embeddings [B, D] and by the centres [C, D]."""


def batch(classes: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Class centres [C, 512], and embeddings [B, 512] of classes [B] that lie about their centres."""
    draw = torch.Generator().manual_seed(0)
    centres = torch.randn(classes, WIDTH, generator=draw)
    identity = torch.randint(classes, (size,), generator=draw)
    return centres, centres[identity] + 1.5 * torch.randn(size, WIDTH, generator=draw), identity


def steps(classes: int, size: int, dtype: torch.dtype = torch.float32) -> dict[str, Step]:
    """A step of each on the same batch."""
    centres, embedding, identity = batch(classes, size)
    embedding = embedding.to(dtype).requires_grad_()

    def stepped(weights: nn.Parameter, value: Callable[[], Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        embedding.grad = weights.grad = None
        loss = value()
        loss.backward()
        assert embedding.grad is not None
        assert weights.grad is not None
        return loss.detach(), embedding.grad, weights.grad

    ours = ArcFaceLoss(classes, WIDTH, MARGIN, SCALE)
    ours.centres.table = nn.Parameter(centres.to(dtype))
    peer = PeerLoss(classes, WIDTH, MARGIN, SCALE)
    peer.W = nn.Parameter(centres.T.to(dtype).contiguous())
    plain = nn.Parameter(centres.to(dtype))

    def of_the_peer() -> tuple[Tensor, Tensor, Tensor]:
        loss, by_embedding, by_centres = stepped(peer.W, lambda: peer(embedding, identity))
        return loss, by_embedding, by_centres.T

    return {
        OURS: lambda: stepped(ours.centres.table, lambda: ours(embedding, identity).loss),
        PLAIN: lambda: stepped(plain, lambda: arcface(embedding, plain, identity)),
        PML: of_the_peer,
    }


def arcface(embedding: Tensor, centres: Tensor, identity: Tensor) -> Tensor:
    """Deng et al. 2019, eq. 3, as one writes it down."""
    cosine = linear(normalize(embedding), normalize(centres))
    own = torch.arange(len(identity)), identity
    margin = math.radians(MARGIN)
    logits = cosine.clone()
    logits[own] = (cosine[own].acos() + margin).cos()
    return cross_entropy(SCALE * logits, identity)


def assert_equal(classes: int, size: int) -> None:
    """Loss and gradients of all agree, to 1e-9 in float64 and to 1e-4 in float32."""
    for dtype, error in ((torch.float64, 1e-9), (torch.float32, 1e-4)):
        calls = steps(classes, size, dtype)
        known = calls[PLAIN]()
        for name, call in calls.items():
            for found, expected in zip(call(), known, strict=True):
                off = float((found - expected).norm() / expected.norm())
                assert off <= error, f"{name}, {classes} classes, {dtype}: {off:.1e} apart"
