"""A configuration as a way of debugging has it: short, and apart from the runs that count."""

from copy import deepcopy

from omegaconf import DictConfig, OmegaConf

from likeness.config.schema.debug import AT_MOST

NAME = "debug"
"""The folder of such runs below `runs_dir`."""


def as_debugged(config: DictConfig) -> DictConfig:
    """What Hydra composed, with the lengths that `debug` allows; as it is where that names no way."""
    lowered = AT_MOST.get(config.get("debug"))
    if lowered is None:
        return config
    changed = deepcopy(config)
    changed.name = NAME
    for key, most in lowered.items():
        value = OmegaConf.select(changed, key)
        if isinstance(value, int):
            OmegaConf.update(changed, key, min(value, most))
    return changed
