"""The schema of the stylizers, networks that paint a picture in one forward pass."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import Node, Positive


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
