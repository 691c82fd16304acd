"""The schema of stylizers, networks that stylize an image in one pass, and of the runs that train them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, Positive
from likeness.config.schema.features import Features
from likeness.config.schema.optimization import Optimizer
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.style_data import StyleFolders
from likeness.config.schema.style_losses import StyleLoss
from likeness.config.schema.style_tasks import AdainTask, StylizerTask
from likeness.config.schema.sweep import Objective


class AdainDecoder(Node):
    """The decoder of Huang and Belongie (2017), for any style; the encoder is handed in."""

    target: Literal["likeness.models.stylizers.adain_decoder"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    width: Positive
    weights: str | None


class TransformerNet(Node):
    """The network of Johnson et al. (2016), for one style."""

    target: Literal["likeness.models.stylizers.transformer_net"] = Field(alias="_target_")
    width: Positive
    blocks: Positive
    normalization: Literal["instance", "batch"]
    upsampling: Literal["nearest", "transposed"]
    output: Literal["tanh", "linear"]
    weights: str | None


Stylizer = Annotated[AdainDecoder | TransformerNet, Field(discriminator="target")]


class StylizerConfig(TrainConfig):
    """What a run that trains a network to paint images has."""

    objective = Objective(metric="cost/total", direction="minimize")
    measures = ("cost/total", "cost/content", "cost/style", "cost/total_variation")
    task: StylizerTask
    backbone: Features
    stylizer: Stylizer
    loss: StyleLoss
    data: StyleFolders
    optimizer: Optimizer

    @model_validator(mode="after")
    def _stylizer_fits(self) -> "StylizerConfig":
        if isinstance(self.task, AdainTask) != isinstance(self.stylizer, AdainDecoder):
            raise ValueError("task=adain trains stylizer=adain, and task=feedforward trains stylizer=johnson")
        return self
