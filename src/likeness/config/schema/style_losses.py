"""The schema of the objective of style transfer."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, Positive

Weight = Annotated[float, Field(ge=0)]
Reduction = Literal["sum", "half_sum", "mean", "scaled"]


class Gram(Node):
    """Gram matrices (Gatys et al. 2016)."""

    target: Literal["likeness.losses.style.GramStatistic"] = Field(alias="_target_")
    normalisation: Literal["none", "hw", "chw", "paper"]
    reduction: Reduction


class MeanStd(Node):
    """Mean and standard deviation of each channel (Huang and Belongie 2017)."""

    target: Literal["likeness.losses.style.MeanStdStatistic"] = Field(alias="_target_")


class Gaussian(Node):
    """Optimal transport between normal distributions."""

    target: Literal["likeness.losses.style.GaussianStatistic"] = Field(alias="_target_")


class Sliced(Node):
    """Sliced optimal transport between the distributions of features (Heitz et al. 2021)."""

    target: Literal["likeness.losses.style.SlicedStatistic"] = Field(alias="_target_")
    directions: Positive | None


Statistic = Annotated[Gram | MeanStd | Gaussian | Sliced, Field(discriminator="target")]


class StyleLoss(Node):
    """Content, style and total variation costs (Gatys et al. 2016)."""

    target: Literal["likeness.losses.style.StyleObjective"] = Field(alias="_target_")
    content_layers: dict[str, Weight]
    style_layers: dict[str, Weight]
    content_weight: Weight
    style_weight: Weight
    total_variation_weight: Weight
    statistic: Statistic
    content: Reduction
    total_variation: Literal["squared", "mean_squared", "nine_point", "absolute"]

    @model_validator(mode="after")
    def _asks_for_something(self) -> "StyleLoss":
        if not self.content_weight and not self.style_weight:
            raise ValueError(
                "loss.content_weight and loss.style_weight are both 0, so that nothing is asked of the image; set one"
            )
        return self
