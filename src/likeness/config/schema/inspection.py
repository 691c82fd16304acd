"""The schemas of `likeness inspect` and `likeness probe`, which look into a network."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from likeness.config.schema.base import Positive
from likeness.config.schema.data import Data
from likeness.config.schema.networks import Backbone, Embedder, Head
from likeness.config.schema.outside import OR_OUTSIDE_IN_PART
from likeness.config.schema.runs import RunConfig


def _as_name(value: Any) -> Any:
    """The name of a module in a sequence, such as 0 or 0.3, is read as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


LayerName = Annotated[str, BeforeValidator(_as_name)]


class LayersConfig(RunConfig):
    """A network, those of its layers that are looked into, and what it is shown."""

    backbone: Backbone
    data: Data
    layers: Annotated[list[LayerName], Field(min_length=1)] | None
    batch_size: Positive
    embedder: Annotated[Embedder, OR_OUTSIDE_IN_PART] | None = None
    head: Head | None = None


class InspectConfig(LayersConfig):
    """What `likeness inspect` runs on, and how much of it the page shows."""

    split: Literal["train", "validation", "test"]
    top: Annotated[int, Field(ge=1, le=64)]
    show_layers: Positive
    show_units: Positive
    optimised: Annotated[int, Field(ge=0)]
    pairs: Annotated[int, Field(ge=0)]


class ProbeConfig(LayersConfig):
    """What `likeness probe` runs on, and what it measures."""

    features: Positive
    columns: list[Literal["logistic", "nearest"]]
    resamples: Annotated[int, Field(ge=0)]
