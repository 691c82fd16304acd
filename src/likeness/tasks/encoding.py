"""What every task that trains an embedder shares: its embeddings are validated on identities it is not trained on."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from likeness.data.batch import Batch
from likeness.data.images import Grouping
from likeness.errors import LikenessError
from likeness.evaluation.comparison import Comparison
from likeness.evaluation.episodes import episodes_within
from likeness.evaluation.one_shot import episode_distances, one_shot_scores
from likeness.evaluation.pairs import balanced_pairs
from likeness.evaluation.retrieval import query_scores
from likeness.evaluation.verification import fold_accuracy
from likeness.tasks.gather import measured_once, share_buffers
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task

EPISODES = 200
QUERIES = 2000  # that ask at most where nothing else is said: of N images all cost O(N^2), so many O(N)


class Validation(NamedTuple):
    """How embeddings are validated.

    grouping: how the classes of the validation images are grouped; where they are, one-shot recognition among classes
        of one group is validated too.
    ways: among how many classes.
    queries: how many images ask for those of their identity, drawn by a fixed seed.
    """

    grouping: Grouping | None = None
    ways: int = 20
    queries: int = QUERIES


class Encoded(NamedTuple):
    """A batch of validation images: `embedding` `[B, D]`, `identity` `[B]`, `index` `[B]`, on the CPU."""

    embedding: Tensor
    identity: Tensor
    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which a batch has no use for


class EncodingTask(Task):
    """An embedder, its optimizer, and its validation; how it is trained is a subclass's.

    `family` names the family of tasks that it belongs to; a subclass in another package inherits it.
    `validation` says how it is validated. Each rank encodes its share of the validation images; rank 0 measures.
    """

    family: ClassVar[str] = "embedding"

    def __init__(
        self, embedder: nn.Module, optimizer: OptimizerFactory, scheduler: SchedulerFactory | None
    ) -> None:
        super().__init__(optimizer, scheduler)
        self.embedder = embedder
        self.validation = Validation()
        self._encoded: list[Encoded] = []

    @property
    @abstractmethod
    def comparison(self) -> Comparison:
        """By what two embeddings are held apart."""

    def forward(self, images: Tensor) -> Tensor:
        """Encodings `[B, D]` of images `[B, C, *spatial]` in [0, 1]; of encodings `[B, D]` themselves."""
        embedding: Tensor = self.embedder(images) if images.ndim > 2 else images
        return embedding

    def on_validation_epoch_start(self) -> None:
        """Have all ranks encode with the same network."""
        share_buffers(self)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Encode a batch of validation images."""
        if len(batch.index) == 0:  # none of its images could be read, or it is there to make up the number
            return
        self._encoded.append(Encoded(self(batch.images).cpu(), batch.identity.cpu(), batch.index.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Measure the embeddings of the validation identities; all ranks log what rank 0 measures.

        Raises:
            LikenessError: too few of their images could be read, or an embedding is not a number.
        """
        own, self._encoded = self._encoded, []
        self.log_dict(measured_once(self._measured, own))

    def _measured(self, shares: Sequence[list[Encoded]]) -> dict[str, float]:
        """The metrics, by the batches that each rank encoded."""
        batches = sorted((batch for share in shares for batch in share), key=lambda one: int(one.index[0]))
        if not batches:
            raise LikenessError("None of the images of the validation identities can be read: replace them.")
        embeddings, identities, indices = (torch.cat(parts).numpy() for parts in zip(*batches, strict=True))
        if not np.isfinite(embeddings).all():
            raise LikenessError(
                f"The embeddings are not numbers after step {self.global_step}; lower optimizer.lr, set "
                "trainer.gradient_clip_val=1, or use trainer.precision=32."
            )
        comparison = self.comparison
        try:
            first, second, same, fold = balanced_pairs(identities, folds=10, pairs_per_fold=600, seed=0)
            distance = comparison.pairs(embeddings, first, second)
            accuracy = fold_accuracy(distance, same, fold).mean
        except ValueError as error:
            raise LikenessError(
                f"The validation identities can't be measured: {error}; replace the images that can't be read."
            ) from error
        scores = query_scores(embeddings, identities, comparison, queries=self.validation.queries)
        return {
            "validation/accuracy": accuracy,
            "validation/precision@1": float(scores.precision_at_1.mean()),
            "validation/map@r": float(scores.map_at_r.mean()),
            **self._one_shot(embeddings, identities, indices),
        }

    def _one_shot(
        self, embeddings: NDArray[np.float32], identities: NDArray[np.int64], indices: NDArray[np.int64]
    ) -> dict[str, float]:
        """The share recognised among the classes of a group; nothing where no group has so many."""
        grouping, ways, _ = self.validation
        if grouping is None:
            return {}
        group, drawer = grouping.group[indices], grouping.drawer[indices]
        try:
            episodes = episodes_within(identities, group, drawer, ways=ways, episodes=EPISODES, seed=0)
        except ValueError:  # no group has so many classes
            return {}
        found = one_shot_scores(episode_distances(self.comparison.pairs, embeddings, episodes))
        return {"validation/oneshot": float(found.mean())}
