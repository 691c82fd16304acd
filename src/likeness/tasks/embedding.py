"""The embedding task: an embedding in which two images of one identity lie close, and of two identities apart."""

from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from likeness.data.batch import Batch
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.losses.margin_softmax import MarginSoftmaxLoss, SampledCentres
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.gather import gather_batch
from likeness.tasks.loss_terms import Loss, loss_and_metrics
from likeness.tasks.shards import clip_with_shares, load_shares, split_over_ranks
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Watched


class EmbeddingTask(EncodingTask):
    """Train an embedder by a loss on the embeddings and identities of the global batch.

    It logs the loss and what else the loss gives. Of a triplet loss that is the share of active triplets, the mean
    distances of positives and negatives, and the embeddings' norm: where an embedding collapses, the distances go to
    zero and the share to one. Of a margin softmax it is the mean cosine to the own class centres, and the norm.

    Class centres of a margin softmax are split over the devices.
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
        by_length = isinstance(self.loss, MarginSoftmaxLoss) and self.loss.takes_lengths
        embedder: Any = self.embedder
        encode = embedder.unnormalised if by_length else self
        embedding, identity = gather_batch(encode(batch.images), batch.identity)
        loss, metrics = loss_and_metrics(self.loss(embedding, identity))
        self.log_dict(metrics, batch_size=len(identity))
        return loss

    def configure_model(self) -> None:
        """Split class centres over the ranks."""
        split_over_ranks(self)

    def configure_optimizers(self) -> Any:
        """As of any task; what an optimizer keeps of split centres is split with them."""
        made = super().configure_optimizers()
        load_shares(made["optimizer"], self)
        return made

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of the whole gradient, wherever its parts are."""
        parameters = [each for group in optimizer.param_groups for each in group["params"]]
        if gradient_clip_val is None or not clip_with_shares(self, parameters, gradient_clip_val):
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, *closure: Any) -> None:
        """The optimizer's step, and that of sampled centres, by the optimizer's rate."""
        rate = max(group["lr"] for group in optimizer.param_groups)
        super().optimizer_step(epoch, batch_idx, optimizer, *closure)
        if isinstance(self.loss, MarginSoftmaxLoss) and isinstance(self.loss.centres, SampledCentres):
            self.loss.centres.update(float(rate) * self.loss.rate)
