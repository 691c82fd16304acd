"""The schema of the losses and miners of pytorch-metric-learning, which are checked against their signatures."""

import inspect
import re
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from likeness.config.nearest import nearest
from likeness.config.schema.base import MISSING, Node
from likeness.config.signature import check_call, check_nested, nodes_in, refuse_reserved

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
    "ManifoldLoss": "takes no labels",
    "MultipleLosses": "wraps other losses",
    "SelfSupervisedLoss": "wraps another loss",
    "VICRegLoss": "compares two views of each image and takes no labels",
    "WeightRegularizerMixin": "is what losses derive from",
}
"""Classes that can't be named, and why: a loss is one of embeddings and labels, and its state is in checkpoints."""

WITHOUT_MINER = ("InstanceLoss", "P2SGradLoss", "PNPLoss", "RankedListLoss")
"""Losses that refuse pairs or triplets that a miner chose."""

SIZES = ("num_classes", "embedding_size", "descriptors_dim")
"""What losses call the number of classes and the number of dimensions, which they are handed where they need them."""

_PART = re.compile(rf"{_LIBRARY}\.(distances|reducers|regularizers)\.\w+")


def check_class(kind: str, name: str, values: Mapping[str, Any], handed: Collection[str] = ()) -> None:
    """Raise a ValueError where pytorch-metric-learning has no such class, or it can't be called with these keys.

    Args:
        kind: `losses` or `miners`.
        name: of the class.
        values: its keywords; one may be a node whose `_target_` is a distance, reducer or regularizer of the library.
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
    refuse_reserved(name, values)
    for nested in nodes_in(dict(values)):
        if not _PART.fullmatch(str(nested["_target_"])):
            raise ValueError(
                f"{nested['_target_']}, named within {name}, is no distance, reducer or regularizer of "
                "pytorch-metric-learning"
            )
        check_nested(nested)
    needed = _needed_by(found)
    for size in handed:
        if size in values and size in needed:
            raise ValueError(f"{size} is handed to {name} by itself; leave it out")
    check_call(found, values, handed=handed)


def _needed_by(made: type) -> set[str]:
    """The names of the parameters without a default, of a class or of one that it hands its keywords on to."""
    own = [vars(base)["__init__"] for base in inspect.getmro(made) if "__init__" in vars(base)]
    parameters = [one for initialiser in own for one in inspect.signature(initialiser).parameters.values()]
    return {one.name for one in parameters if one.default is inspect.Parameter.empty}


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
