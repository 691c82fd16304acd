"""The schema of the tasks of style transfer."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import Node, Positive


class StyleTask(Node):
    """Train the pixels of an image (Gatys et al. 2016)."""

    of_the_recipe = frozenset({"start", "preview_every"})
    target: Literal["likeness.tasks.style.StyleTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    start: str
    float32_steps: Annotated[int, Field(ge=0)]
    tile: Annotated[int, Field(ge=64)] | None
    preview_every: Positive


class AdainTask(Node):
    """Train a decoder for any style (Huang and Belongie 2017)."""

    target: Literal["likeness.tasks.adain.AdainTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")


class FeedforwardTask(Node):
    """Train a network for one style (Johnson et al. 2016)."""

    target: Literal["likeness.tasks.feedforward.FeedforwardTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")


StylizerTask = Annotated[AdainTask | FeedforwardTask, Field(discriminator="target")]
