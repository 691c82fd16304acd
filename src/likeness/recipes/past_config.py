"""The configuration of a past run."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from likeness.config.make import plain
from likeness.config.past import upgraded
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import refuse_distrusted
from likeness.errors import LikenessError
from likeness.recipes.choose import checked, family_of
from likeness.runs.recipe import Presentation
from likeness.runs.record.record_file import RECORD, read_record
from likeness.runs.report.sweep import jobs_of


def config_of(run: Path, trust: Sequence[str] | None = ()) -> TrainConfig:
    """The configuration of the training run in a folder, in the keys of today.

    Args:
        run: the folder.
        trust: the packages whose parts it may name. What the folder itself says of that counts only with None, for a
            folder that this process made.

    Raises:
        LikenessError: it is no run's folder, or not that of a training run, or it names parts of a package that is not
            trusted.
    """
    return _checked(run, _read(run), trust, "config.yaml")


def recorded_config_of(run: Path, trust: Sequence[str] = ()) -> TrainConfig:
    """The configuration in the record of a training run; all else as in `config_of`."""
    return _checked(run, upgraded(read_record(run).get("config") or {}), trust, "run.json")


def _checked(run: Path, config: dict[str, Any], trust: Sequence[str] | None, file: str) -> TrainConfig:
    if trust is not None:
        refuse_distrusted(run, config, trust)
    try:
        return checked(config)
    except LikenessError as error:
        raise LikenessError(f"{run}/{file} is not that of a training run ({error}).") from error


def presentation_of(folder: Path) -> Presentation:
    """How the results of a run, or of the jobs of a sweep, are shown.

    Raises:
        LikenessError: the record of the run is damaged.
    """
    if (folder / RECORD).is_file():
        return family_of(read_record(folder).get("config") or {}).presentation
    for run in jobs_of(folder):
        with suppress(LikenessError):  # a damaged record says nothing of the others
            return family_of(read_record(run).get("config") or {}).presentation
    return Presentation()


def embedding_config_of(run: Path, trust: Sequence[str] = ()) -> EmbeddingConfig:
    """The configuration of a run that trained an embedding; `trust` as in `config_of`.

    Raises:
        LikenessError: it is not that of such a run.
    """
    config = config_of(run, trust)
    if not isinstance(config, EmbeddingConfig):
        raise LikenessError(
            f"{run} has trained no embedding; name a run of task=embedding, siamese or similarity."
        )
    return config


def _read(run: Path) -> dict[str, Any]:
    if not (run / "config.yaml").is_file():
        raise LikenessError(f"{run} is no run's folder: it has no config.yaml.")
    try:
        config = OmegaConf.load(run / "config.yaml")
        assert isinstance(config, DictConfig)
        return upgraded(plain(config))
    except Exception as error:  # YAML, OmegaConf and the file system have each their own
        raise LikenessError(f"{run}/config.yaml is not that of a training run ({error}).") from error
