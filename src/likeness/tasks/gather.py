"""The global batch: every rank's embeddings, so that triplets are mined over all devices."""

import torch
from torch import Tensor
from torch import distributed as dist


def gather_batch(embedding: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
    """All ranks' embeddings `[W*B, D]` and identities `[W*B]` in the ranks' order; the same without a process group.

    Only this rank's rows carry a gradient. Every rank computes the loss of the whole batch from the same numbers,
    so the gradient of its rows is already complete, and no gradient has to travel. DistributedDataParallel then
    averages the parameters' gradients over W ranks where their sum is wanted: the caller backs up `W * loss`.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return embedding, identity
    embeddings = [torch.empty_like(embedding) for _ in range(dist.get_world_size())]
    identities = [torch.empty_like(identity) for _ in range(dist.get_world_size())]
    dist.all_gather(embeddings, embedding.detach().contiguous())
    dist.all_gather(identities, identity)
    embeddings[dist.get_rank()] = embedding
    return torch.cat(embeddings), torch.cat(identities)
