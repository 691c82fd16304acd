"""The embedding task: an encoding in which two pictures of one person lie close, and of two people apart."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from likeness.data.batch import Batch
from likeness.evaluation.distance import pair_distances
from likeness.evaluation.pairs import balanced_pairs
from likeness.evaluation.retrieval import query_scores
from likeness.evaluation.verification import fold_accuracy
from likeness.tasks.gather import gather_batch

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
SchedulerFactory = Callable[[Optimizer], LRScheduler]


class TripletTerms(Protocol):
    """What a triplet loss gives: `loss` to go down on, and what to watch."""

    loss: Tensor
    active: Tensor
    positive_distance: Tensor
    negative_distance: Tensor
    embedding_norm: Tensor


TripletLoss = Callable[[Tensor, Tensor], TripletTerms]


class EmbeddingTask(pl.LightningModule):
    """Train an embedder by a loss on the embeddings and identities of the global batch.

    It logs the loss, the share of active triplets, the mean distances of positives and negatives, and the
    embeddings' norm: where an encoding collapses, the distances go to zero and the share to one.
    """

    def __init__(
        self,
        embedder: nn.Module,
        loss: TripletLoss,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory,
    ) -> None:
        super().__init__()
        self.embedder = embedder
        self.loss = loss
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self._validated: list[tuple[Tensor, Tensor]] = []

    def forward(self, images: Tensor) -> Tensor:
        """Encodings `[B, D]` of pictures `[B, C, *spatial]` in [0, 1]."""
        embedding: Tensor = self.embedder(images)
        return embedding

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of the global batch, scaled for DistributedDataParallel's mean over the ranks."""
        embedding, identity = gather_batch(self(batch.images), batch.identity)
        terms = self.loss(embedding, identity)
        self.log_dict(
            {
                "train/loss": terms.loss.detach(),
                "train/active": terms.active,
                "train/positive_distance": terms.positive_distance,
                "train/negative_distance": terms.negative_distance,
                "train/embedding_norm": terms.embedding_norm,
            },
            batch_size=len(identity),
        )
        return terms.loss * self.trainer.world_size

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Encode a batch of validation pictures."""
        if len(batch.index) == 0:  # none of its pictures could be read
            return
        self._validated.append((self(batch.images).cpu(), batch.identity.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Measure the encodings of the validation people."""
        embeddings, identities = (torch.cat(parts).numpy() for parts in zip(*self._validated, strict=True))
        self._validated.clear()
        first, second, same, fold = balanced_pairs(identities, folds=10, pairs_per_fold=600, seed=0)
        distance = pair_distances(embeddings, first, second)
        scores = query_scores(embeddings, identities)
        self.log_dict(
            {
                "validation/accuracy": fold_accuracy(distance, same, fold).mean,
                "validation/precision@1": float(scores.precision_at_1.mean()),
                "validation/map@r": float(scores.map_at_r.mean()),
            }
        )

    def configure_optimizers(self) -> Any:
        """The optimiser over the parameters that are trained, and its schedule by steps."""
        optimizer = self.make_optimizer([p for p in self.parameters() if p.requires_grad])
        scheduler = self.make_scheduler(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
