"""The embedding task: an encoding in which two pictures of one person lie close, and of two people apart."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from torch import Tensor, nn

from likeness.data.batch import Batch
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.gather import gather_batch
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Watched


class DistanceTerms(Protocol):
    """What a loss on distances gives: `loss` to go down on, and what to watch."""

    loss: Tensor
    active: Tensor
    positive_distance: Tensor
    negative_distance: Tensor
    embedding_norm: Tensor


class EmbeddingTask(EncodingTask):
    """Train an embedder by a loss on the embeddings and identities of the global batch.

    It logs the loss, the share of active triplets (or of active pairs of two people), the mean distances of positives
    and negatives, and the embeddings' norm: where an encoding collapses, the distances go to zero and the share to one.
    """

    watched: ClassVar[tuple[Watched, ...]] = (
        Watched("loss", "train/loss", ".4f"),
        Watched("active", "train/active", ".0%"),
    )
    comparison: Comparison = EUCLIDEAN

    def __init__(
        self,
        embedder: nn.Module,
        loss: Callable[[Tensor, Tensor], DistanceTerms],
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory,
    ) -> None:
        super().__init__(embedder, optimizer, scheduler)
        self.loss = loss

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
