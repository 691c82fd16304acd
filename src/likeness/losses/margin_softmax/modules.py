"""Margin softmax losses as modules, which have the class centres."""

import math
from abc import abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ..precision import full_precision, in_working_precision
from .centres import Centres, SampledCentres
from .margins import Margined, additive_angle, additive_cosine, by_quality
from .softmax import margin_softmax

BATCH_SHARE = 0.01  # of a batch in the running mean and deviation of lengths (AdaFace)
FIRST_MEAN, FIRST_DEVIATION = 20.0, 100.0  # these two at step 0, as in AdaFace's code
SHORTEST, LONGEST = 1e-3, 100.0  # what a length counts as at least and at most


class MarginSoftmaxOutput(NamedTuple):
    """A loss and what tells how it goes; all 0-d, all but `loss` detached.

    `target_cosine` is the mean cosine of an embedding and its own class centre, `embedding_norm` the mean length.
    """

    loss: Tensor
    target_cosine: Tensor
    embedding_norm: Tensor


class MarginSoftmaxLoss(nn.Module):
    """Softmax over the cosines of embeddings to class centres, with a margin at an image's own centre.

    It is computed in float32 whatever the trainer's precision (in float64 if embeddings and centres are float64).

    `takes_lengths` says whether the lengths of embeddings count, which are then to be handed over as they are before
    normalisation.

    Args:
        classes: the number of identities C that are trained on.
        embedding_dim: the number of dimensions D of an embedding.
        margin: at least 0; its unit is a subclass's.
        scale: the radius of the sphere that the logits are taken on, s.
        sampled: the share of the centres that enter a step; below 1 they update themselves, see `SampledCentres`.
        rate: the learning rate of sampled centres, in units of the optimizer's.

    Raises:
        ValueError: a number has no meaning.
    """

    takes_lengths: ClassVar[bool] = False

    def __init__(
        self,
        classes: int,
        embedding_dim: int,
        margin: float,
        scale: float = 64.0,
        sampled: float = 1.0,
        rate: float = 1.0,
    ) -> None:
        super().__init__()
        if not (0 <= margin < math.inf and 0 < scale < math.inf and 0 < rate < math.inf):
            said = f"margin={margin}, scale={scale}, rate={rate}"
            raise ValueError(f"margin must be at least 0, and scale and rate above 0: not {said}")
        if not 0 < sampled <= 1:
            raise ValueError(f"sampled must be above 0 and at most 1, not {sampled}")
        self.margin, self.scale, self.rate = margin, scale, rate
        self.centres = (
            Centres(classes, embedding_dim)
            if sampled == 1
            else SampledCentres(classes, embedding_dim, sampled)
        )

    def forward(self, embedding: Tensor, identity: Tensor) -> MarginSoftmaxOutput:
        """The mean over `embedding` [B, D], of any length, and `identity` [B], integers of 0 to C - 1.

        Raises:
            ValueError: an identity is another number.
        """
        lowest, highest = torch.stack(identity.aminmax()).tolist()
        if lowest < 0 or highest >= self.centres.classes:
            raise ValueError(f"identity must be 0 to {self.centres.classes - 1}, not {lowest} to {highest}")
        rows = in_working_precision(embedding)
        with full_precision(rows.device):
            length = rows.detach().norm(dim=1)
            taken = self.centres.taken_for(identity)
            weights = self._weights(length)
            loss, cosine = margin_softmax(
                rows,
                taken.rows,
                taken.place,
                lambda own: self._margined(own, weights),
                self.scale,
                shared=self.centres.shared,
            )
            return MarginSoftmaxOutput(loss, cosine.mean(), length.mean())

    def extra_repr(self) -> str:
        """What `print` shows of it."""
        return f"margin={self.margin}, scale={self.scale}"

    @abstractmethod
    def _margined(self, cosine: Tensor, weights: Tensor) -> Margined:
        """What takes the place of the cosines [B] to the own centres, of images of these `weights` [B]."""

    def _weights(self, length: Tensor) -> Tensor:
        """By the lengths [B] of embeddings, what weighs their margins."""
        return length


class ArcFaceLoss(MarginSoftmaxLoss):
    """Additive angular margin, in degrees (Deng et al. 2019): see `additive_angle` and `MarginSoftmaxLoss`."""

    def __init__(
        self,
        classes: int,
        embedding_dim: int,
        margin: float = 28.6,
        scale: float = 64.0,
        sampled: float = 1.0,
        rate: float = 1.0,
    ) -> None:
        super().__init__(classes, embedding_dim, margin, scale, sampled, rate)

    def _margined(self, cosine: Tensor, weights: Tensor) -> Margined:
        return additive_angle(cosine, math.radians(self.margin))


class CosFaceLoss(MarginSoftmaxLoss):
    """Additive cosine margin (Wang et al. 2018): see `additive_cosine` and `MarginSoftmaxLoss`."""

    def __init__(
        self,
        classes: int,
        embedding_dim: int,
        margin: float = 0.35,
        scale: float = 64.0,
        sampled: float = 1.0,
        rate: float = 1.0,
    ) -> None:
        super().__init__(classes, embedding_dim, margin, scale, sampled, rate)

    def _margined(self, cosine: Tensor, weights: Tensor) -> Margined:
        return additive_cosine(cosine, self.margin)


class AdaFaceLoss(MarginSoftmaxLoss):
    """A margin by an image's quality, for which the length of its embedding stands (Kim et al. 2022).

    The quality is the length less the running mean of lengths, by their running deviation and times `spread` (h), cut
    off at -1 and 1; no gradient passes through it. The running numbers are those of the global batch, and are saved
    with the run. See `by_quality` and `MarginSoftmaxLoss`.
    """

    takes_lengths = True

    def __init__(
        self,
        classes: int,
        embedding_dim: int,
        margin: float = 0.4,
        scale: float = 64.0,
        spread: float = 0.333,
        sampled: float = 1.0,
        rate: float = 1.0,
    ) -> None:
        super().__init__(classes, embedding_dim, margin, scale, sampled, rate)
        if not 0 < spread < math.inf:
            raise ValueError(f"spread must be above 0, not {spread}")
        self.spread = spread
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(FIRST_MEAN))
        self.register_buffer("deviation", torch.tensor(FIRST_DEVIATION))

    def _margined(self, cosine: Tensor, weights: Tensor) -> Margined:
        return by_quality(cosine, weights, self.margin)

    def _weights(self, length: Tensor) -> Tensor:
        length = length.clamp(SHORTEST, LONGEST)
        if self.training and len(length) > 1:
            self.mean.lerp_(length.mean(), BATCH_SHARE)
            self.deviation.lerp_(length.std(), BATCH_SHARE)
        return ((length - self.mean) / (self.deviation + SHORTEST) * self.spread).clamp(-1, 1)
