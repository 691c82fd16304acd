"""The similarity task: the probability that two images are of one identity, learned with the embedding or on it."""

from typing import ClassVar

from torch import Tensor, nn

from likeness.data.batch import Batch
from likeness.evaluation.comparison import Comparison
from likeness.models.similarity import PairHead
from likeness.tasks.comparison import by_head
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.gather import gather_batch
from likeness.tasks.loss_terms import Loss, loss_and_metrics
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Watched


class SimilarityTask(EncodingTask):
    """Train a head, and the embedder below it unless it is frozen, on all pairs of the global batch.

    The head begins with the scale of the first batch's embeddings. B embeddings are scored against each other:
    B (B - 1) / 2 pairs for B forward passes. It logs the loss, the share of the pairs that are of one identity, the
    mean probabilities given to pairs of one and of two identities, and the accuracy at probability 1/2, the mean of
    those on the two kinds.
    """

    watched: ClassVar[tuple[Watched, ...]] = (
        Watched("loss", "train/loss", ".4f"),
        Watched("accuracy", "train/accuracy", ".0%"),
    )

    def __init__(
        self,
        embedder: nn.Module,
        head: PairHead,
        loss: Loss,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        frozen: bool = False,
    ) -> None:
        super().__init__(embedder, optimizer, scheduler)
        self.head = head
        self.loss = loss
        self.frozen = frozen
        if frozen:
            embedder.requires_grad_(False)

    @property
    def comparison(self) -> Comparison:
        """By the head's log odds."""
        return by_head(self.head)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Keep the statistics of a frozen embedder as they are."""
        if self.frozen:
            self.embedder.eval()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of the global batch."""
        embedding, identity = gather_batch(self(batch.images), batch.identity)
        if self.global_step == 0 and batch_idx == 0:
            self.head.standardise(embedding.detach())
        loss, metrics = loss_and_metrics(self.loss(self.head(embedding, embedding), identity))
        self.log_dict(metrics, batch_size=len(identity))
        return loss
