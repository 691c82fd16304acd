"""The samplers and pruners of Optuna's that a configuration may name."""

from typing import Any

from hydra.utils import instantiate

from likeness.config.schema.sweep import Pruner, Sampler


def optuna_part(node: Sampler | Pruner) -> Any:
    """The sampler or pruner of a node of the configuration, whose `metric` is not Optuna's concern."""
    return instantiate(node.model_dump(by_alias=True, exclude={"metric"}))
