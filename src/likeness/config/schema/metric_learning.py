"""The schema of the losses and miners of pytorch-metric-learning, which are checked against their signatures."""

import inspect
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from likeness.config.nearest import nearest
from likeness.config.schema.base import MISSING, Node
from likeness.config.signature import check_call

_LIBRARY = "pytorch_metric_learning"
_UNFIT = {
    "BaseLossWrapper": "wraps another loss",
    "BaseMetricLossFunction": "is what losses derive from",
    "BaseMiner": "is what miners derive from",
    "CrossBatchMemory": "keeps embeddings of earlier steps, which no checkpoint has",
    "DynamicSoftMarginLoss": "keeps a histogram of earlier steps, which no checkpoint has",
    "EmbeddingRegularizerMixin": "is what losses derive from",
    "EmbeddingsAlreadyPackagedAsTriplets": "is for batches that are triplets already",
    "GenericPairLoss": "is what losses derive from",
    "MultipleLosses": "wraps other losses",
    "SelfSupervisedLoss": "wraps another loss",
    "VICRegLoss": "compares two views of each image and takes no labels",
    "WeightRegularizerMixin": "is what losses derive from",
}
"""Classes that can't be named, and why: a loss is one of embeddings and labels, and its state is in checkpoints."""

SIZES = ("num_classes", "embedding_size", "descriptors_dim", "l")
"""What losses call the number of classes and the number of dimensions, which they are handed."""


def check_class(kind: str, name: str, values: Mapping[str, Any], handed: Collection[str] = ()) -> None:
    """Raise a ValueError where pytorch-metric-learning has no such class, or it can't be called with these keys.

    Args:
        kind: `losses` or `miners`.
        name: of the class.
        values: its keywords; one may be a node whose `_target_` is of the library too, such as a distance.
        handed: keywords that it is handed where it is made.
    """
    try:
        module = import_module(f"{_LIBRARY}.{kind}")
    except ImportError as error:
        raise ValueError(
            "pytorch-metric-learning is not installed; pip install pytorch-metric-learning brings it"
        ) from error
    if reason := _UNFIT.get(name):
        raise ValueError(f"{name} {reason}; choose another of the {kind}")
    found = getattr(module, name, None)
    if not inspect.isclass(found):
        known = [one for one, value in vars(module).items() if inspect.isclass(value) and one not in _UNFIT]
        raise ValueError(
            f"pytorch-metric-learning has no {name} among its {kind}; {nearest(name, known).rstrip('.')}"
        )
    for value in values.values():
        target = value.get("_target_") if isinstance(value, dict) else None
        if target is not None and not str(target).startswith(f"{_LIBRARY}."):
            raise ValueError(f"{target}, named within {name}, is not of pytorch-metric-learning")
    check_call(found, values, handed=handed)


class PmlLoss(Node):
    """Any loss of pytorch-metric-learning (Musgrave et al. 2020), by the keys of its signature."""

    model_config = ConfigDict(extra="allow")

    target: Literal["likeness.losses.metric_learning.PmlLoss"] = Field(alias="_target_")
    name: str

    @model_validator(mode="after")
    def _keys_are_the_loss_s(self) -> "PmlLoss":
        if self.name != MISSING:
            check_class("losses", self.name, self.model_extra or {}, SIZES)
        return self


class PmlMiner(Node):
    """Any miner of pytorch-metric-learning, by the keys of its signature; with no name all of a batch counts."""

    model_config = ConfigDict(extra="allow")

    target: Literal["likeness.losses.metric_learning.pml_miner"] = Field(alias="_target_")
    name: str | None

    @model_validator(mode="after")
    def _keys_are_the_miner_s(self) -> "PmlMiner":
        more = self.model_extra or {}
        if self.name is not None:
            check_class("miners", self.name, more)
        elif more:
            raise ValueError(f"miner.{min(more)} is a key of no miner; choose one with miner.name=NAME")
        return self
