"""The configuration of a past run."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from likeness.config.check import check_training
from likeness.config.make import plain
from likeness.config.schema.runs import EncodingConfig, training_schema
from likeness.errors import LikenessError


def config_of(run: Path) -> DictConfig:
    """The configuration of the training run in a folder.

    Raises:
        LikenessError: it is no run's folder, or not that of a training run.
    """
    if not (run / "config.yaml").is_file():
        raise LikenessError(f"{run} is no run's folder: it has no config.yaml.")
    try:
        config = OmegaConf.load(run / "config.yaml")
        assert isinstance(config, DictConfig)
        check_training(plain(config))
    except Exception as error:
        raise LikenessError(f"{run}/config.yaml is not that of a training run ({error}).") from error
    return config


def encoding_config_of(run: Path) -> DictConfig:
    """The configuration of a run that trained an encoding.

    Raises:
        LikenessError: it is not that of such a run.
    """
    config = config_of(run)
    if training_schema(plain(config)) is not EncodingConfig:
        raise LikenessError(
            f"{run} has trained no encoding; name a run of task=embedding, siamese or similarity."
        )
    return config
