"""Embeddings like those half-way through a training: hard, semi-hard and easy triplets side by side."""

import torch
from torch import Tensor
from torch.nn import functional

WIDTH = 512
IMAGES = 4  # of an identity


def batch(size: int, dtype: torch.dtype = torch.float32, width: int = WIDTH) -> tuple[Tensor, Tensor]:
    """`size` normalised embeddings [B, width] of `size / 4` identities, shuffled, and their labels [B]."""
    draw = torch.Generator().manual_seed(size)
    identity = torch.arange(size // IMAGES).repeat_interleave(IMAGES)
    directions = (
        torch.randn(12, width, generator=draw) / 12**0.5
    )  # faces differ in fewer ways than dimensions
    centre = torch.randn(size // IMAGES, 12, generator=draw)[identity] @ directions
    spread = 0.5 + 1.5 * torch.rand(size, 1, generator=draw)
    embedding = functional.normalize(centre + spread * torch.randn(size, width, generator=draw))
    order = torch.randperm(size, generator=draw)
    return embedding[order].to(dtype), identity[order]
