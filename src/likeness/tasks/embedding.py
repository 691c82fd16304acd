"""The embedding task: an embedding in which two images of one identity lie close, and of two identities apart."""

from typing import ClassVar

from torch import Tensor, nn

from likeness.data.batch import Batch
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.gather import gather_batch
from likeness.tasks.loss_terms import Loss, loss_and_metrics
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Watched


class EmbeddingTask(EncodingTask):
    """Train an embedder by a loss on the embeddings and identities of the global batch.

    It logs the loss and what else the loss gives. Of a triplet loss that is the share of active triplets, the mean
    distances of positives and negatives, and the embeddings' norm: where an embedding collapses, the distances go to
    zero and the share to one.
    """

    watched: ClassVar[tuple[Watched, ...]] = (
        Watched("loss", "train/loss", ".4f"),
        Watched("active", "train/active", ".0%"),
    )
    comparison: Comparison = EUCLIDEAN

    def __init__(
        self,
        embedder: nn.Module,
        loss: Loss,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
    ) -> None:
        super().__init__(embedder, optimizer, scheduler)
        self.loss = loss

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of the global batch."""
        embedding, identity = gather_batch(self(batch.images), batch.identity)
        loss, metrics = loss_and_metrics(self.loss(embedding, identity))
        self.log_dict(metrics, batch_size=len(identity))
        return loss
