"""The configuration of a past run, in plain containers and in the keys of today."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from likeness.config.alias_bomb import refuse_alias_bomb
from likeness.config.make import plain
from likeness.config.past import upgraded
from likeness.config.trust import refuse_distrusted
from likeness.errors import LikenessError, ended, one_line
from likeness.runs.record.record_file import read_record


def plain_config_of(run: Path, trust: Sequence[str] | None = ()) -> dict[str, Any]:
    """The configuration in a run's folder, not checked yet.

    Args:
        run: the folder.
        trust: the packages whose parts it may name. What the folder itself says of that counts only with None, for a
            folder that this process made.

    Raises:
        LikenessError: it is no run's folder, or its configuration can't be read, or it trusts a package that is not
            trusted now.
    """
    if not (run / "config.yaml").is_file():
        raise LikenessError(f"{run} is no run's folder: it has no config.yaml.")
    refuse_alias_bomb(run / "config.yaml")
    try:
        config = OmegaConf.load(run / "config.yaml")
        assert isinstance(config, DictConfig)
        found = upgraded(plain(config))
    except Exception as error:  # YAML, OmegaConf and the file system have each their own
        raise LikenessError(
            ended(f"{run}/config.yaml is not that of a training run: {one_line(error)}")
        ) from error
    if trust is not None:
        refuse_distrusted(run, found, trust)
    return found


def recorded_plain_config_of(run: Path, trust: Sequence[str] = ()) -> dict[str, Any]:
    """The configuration in a run's record; all else as in `plain_config_of`."""
    config = upgraded(read_record(run).get("config") or {})
    refuse_distrusted(run, config, trust)
    return config
