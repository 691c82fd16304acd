"""What every task that trains an embedder shares: its encodings are validated on people it is not trained on."""

from abc import abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from likeness.data.batch import Batch
from likeness.data.pictures import Grouping
from likeness.errors import LikenessError
from likeness.evaluation.comparison import Comparison
from likeness.evaluation.episodes import episodes_within
from likeness.evaluation.one_shot import episode_distances, one_shot_scores
from likeness.evaluation.pairs import balanced_pairs
from likeness.evaluation.retrieval import query_scores
from likeness.evaluation.verification import fold_accuracy
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task

EPISODES = 200


class EncodingTask(Task):
    """An embedder, its optimizer, and its validation; how it is trained is a subclass's.

    `validation_grouping` is how the classes of the validation pictures are grouped: where they are, one-shot
    recognition among `validation_ways` classes of a group is validated too.
    """

    def __init__(self, embedder: nn.Module, optimizer: OptimizerFactory, scheduler: SchedulerFactory) -> None:
        super().__init__(optimizer, scheduler)
        self.embedder = embedder
        self.validation_grouping: Grouping | None = None
        self.validation_ways = 20
        self._validated: list[tuple[Tensor, Tensor, Tensor]] = []

    @property
    @abstractmethod
    def comparison(self) -> Comparison:
        """By what two encodings are held apart."""

    def forward(self, images: Tensor) -> Tensor:
        """Encodings `[B, D]` of pictures `[B, C, *spatial]` in [0, 1]."""
        embedding: Tensor = self.embedder(images)
        return embedding

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Encode a batch of validation pictures."""
        if len(batch.index) == 0:  # none of its pictures could be read
            return
        self._validated.append((self(batch.images).cpu(), batch.identity.cpu(), batch.index.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Measure the encodings of the validation people.

        Raises:
            LikenessError: too few of their pictures could be read, or an encoding is not a number.
        """
        if not self._validated:
            raise LikenessError("None of the pictures of the validation people can be read: replace them.")
        embeddings, identities, indices = (
            torch.cat(parts).numpy() for parts in zip(*self._validated, strict=True)
        )
        self._validated.clear()
        if not np.isfinite(embeddings).all():
            raise LikenessError(
                f"The encodings are not numbers after step {self.global_step}; lower optimizer.lr, set "
                "trainer.gradient_clip_val=1, or use trainer.precision=32."
            )
        comparison = self.comparison
        try:
            first, second, same, fold = balanced_pairs(identities, folds=10, pairs_per_fold=600, seed=0)
            distance = comparison.pairs(embeddings, first, second)
            accuracy = fold_accuracy(distance, same, fold).mean
        except ValueError as error:
            raise LikenessError(
                f"The validation people can't be measured: {error}; replace the pictures that can't be read."
            ) from error
        scores = query_scores(embeddings, identities, comparison)
        self.log_dict(
            {
                "validation/accuracy": accuracy,
                "validation/precision@1": float(scores.precision_at_1.mean()),
                "validation/map@r": float(scores.map_at_r.mean()),
            }
        )
        self._log_one_shot(embeddings, identities, indices)

    def _log_one_shot(
        self, embeddings: NDArray[np.float32], identities: NDArray[np.int64], indices: NDArray[np.int64]
    ) -> None:
        if self.validation_grouping is None:
            return
        group, drawer = self.validation_grouping.group[indices], self.validation_grouping.drawer[indices]
        try:
            episodes = episodes_within(
                identities, group, drawer, ways=self.validation_ways, episodes=EPISODES, seed=0
            )
        except ValueError:  # no group has so many classes
            return
        found = one_shot_scores(episode_distances(self.comparison.pairs, embeddings, episodes))
        self.log("validation/oneshot", float(found.mean()))
