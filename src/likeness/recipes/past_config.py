"""The configuration of a past run, in plain containers and in the keys of today."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from likeness.config.alias_bomb import refuse_alias_bomb
from likeness.config.key import differences
from likeness.config.make import plain
from likeness.config.past import upgraded
from likeness.config.trust import refuse_distrusted
from likeness.errors import LikenessError, ended, one_line
from likeness.runs.record.folder import CONFIG, finite
from likeness.runs.record.record_file import RECORD, SEAL, read_record

log = logging.getLogger("likeness")


def plain_config_of(run: Path, trust: Sequence[str] | None = ()) -> dict[str, Any]:
    """The configuration in a run's folder, not checked yet; in all that decides a number it is that of the record.

    Args:
        run: the folder.
        trust: the packages whose parts it may name. What the folder itself says of that counts only with None, for a
            folder that this process made.

    Raises:
        LikenessError: it is no run's folder, or its configuration can't be read or was edited, or it trusts a package
            that is not trusted now.
    """
    found = _read(run)
    for key, then, now in differences(_recorded(run), finite(found)):
        raise LikenessError(
            f"{key} is {then} in the record of {run} and {now} in its config.yaml, which was edited: put it back, or "
            f"start a new run with {key}={now}."
        )
    if trust is not None:
        refuse_distrusted(run, found, trust)
    return found


def config_of_damaged(run: Path, trust: Sequence[str]) -> dict[str, Any] | None:
    """The configuration in the record of a run whose `config.yaml` can't be read; None where it can.

    Raises:
        LikenessError: the record can't be read either, or trusts a package that is not trusted now.
    """
    try:
        _read(run)
    except LikenessError:
        recorded = _recorded(run)
        refuse_distrusted(run, recorded, trust)
        return recorded
    return None


def _read(run: Path) -> dict[str, Any]:
    if not (run / CONFIG).is_file():
        raise LikenessError(f"{run} is no run's folder: it has no {CONFIG}.")
    refuse_alias_bomb(run / CONFIG)
    try:
        config = OmegaConf.load(run / CONFIG)
        assert isinstance(config, DictConfig)
        return upgraded(plain(config))
    except Exception as error:  # YAML, OmegaConf and the file system have each their own
        raise LikenessError(
            ended(f"{run / CONFIG} is not that of a training run: {one_line(error)}")
        ) from error


def _recorded(run: Path) -> dict[str, Any]:
    record = read_record(run)
    if SEAL not in record:
        log.warning("Nothing in %s can be checked: its record is not sealed.", run)
    config = record.get("config")
    if not isinstance(config, dict):
        raise LikenessError(f"The record of {run} has no configuration ({RECORD}).")
    return upgraded(config)
