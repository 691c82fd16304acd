"""The schema of the losses."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import HardestShare, Node
from likeness.config.schema.metric_learning import PmlLoss
from likeness.config.schema.outside import OR_OUTSIDE_CALLED


class _Triplet(Node):
    margin: Annotated[float, Field(ge=0)] | Literal["soft"]
    distance: Literal["squared", "plain"]
    average: Literal["valid", "active"]


class BatchHard(_Triplet):
    """Batch-hard mining (Hermans et al. 2017)."""

    target: Literal["likeness.losses.BatchHardTripletLoss"] = Field(alias="_target_")


class BatchAll(_Triplet):
    """Every triplet of the batch (Hermans et al. 2017)."""

    target: Literal["likeness.losses.BatchAllTripletLoss"] = Field(alias="_target_")


class SemiHard(_Triplet):
    """FaceNet's semi-hard mining (Schroff et al. 2015)."""

    target: Literal["likeness.losses.SemiHardTripletLoss"] = Field(alias="_target_")


class AllSemiHard(_Triplet):
    """Every semi-hard triplet of the batch."""

    target: Literal["likeness.losses.AllSemiHardTripletLoss"] = Field(alias="_target_")
    margin: Annotated[float, Field(ge=0)]


class Contrastive(Node):
    """Pairs of one identity drawn together, those of two pushed apart (Hadsell et al. 2006)."""

    target: Literal["likeness.losses.ContrastiveLoss"] = Field(alias="_target_")
    margin: Annotated[float, Field(gt=0)]
    hardest: HardestShare


class CrossEntropy(Node):
    """Binary cross-entropy over all pairs of the batch, both kinds weighing one half."""

    target: Literal["likeness.losses.PairCrossEntropy"] = Field(alias="_target_")
    hardest: HardestShare


class MarginSoftmax(Node):
    """A softmax over class centres, with a margin at the own."""

    margin: Annotated[float, Field(ge=0)]
    scale: Annotated[float, Field(gt=0)]
    sampled: Annotated[float, Field(gt=0, le=1)]
    rate: Annotated[float, Field(gt=0)]


class ArcFace(MarginSoftmax):
    """Additive angular margin (Deng et al. 2019)."""

    target: Literal["likeness.losses.ArcFaceLoss"] = Field(alias="_target_")
    margin: Annotated[float, Field(ge=0, lt=180)]


class CosFace(MarginSoftmax):
    """Additive cosine margin (Wang et al. 2018)."""

    target: Literal["likeness.losses.CosFaceLoss"] = Field(alias="_target_")


class AdaFace(MarginSoftmax):
    """Margin by an image's quality (Kim et al. 2022)."""

    target: Literal["likeness.losses.AdaFaceLoss"] = Field(alias="_target_")
    spread: Annotated[float, Field(gt=0)]


Loss = Annotated[
    BatchHard
    | BatchAll
    | SemiHard
    | AllSemiHard
    | Contrastive
    | CrossEntropy
    | ArcFace
    | CosFace
    | AdaFace
    | PmlLoss,
    Field(discriminator="target"),
    OR_OUTSIDE_CALLED,
]
