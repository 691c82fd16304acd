"""Which family a task belongs to, and with it the schema and the recipe of a run."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.utils import get_class
from omegaconf import DictConfig

from likeness.config.check import check
from likeness.config.compose import composed, explained
from likeness.config.derived import told_by_source
from likeness.config.make import plain
from likeness.config.schema.runs import TrainConfig
from likeness.config.signature import imported
from likeness.config.trust import is_trusted, refuse_distrusted
from likeness.errors import LikenessError, ended
from likeness.recipes.debugging import as_debugged
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.epochs import in_steps
from likeness.recipes.landmarks.family import LANDMARKS
from likeness.recipes.open_set.family import OPEN_SET
from likeness.recipes.past_config import plain_config_of
from likeness.recipes.pixels.family import PIXELS
from likeness.recipes.stylizer.family import STYLIZER
from likeness.runs.recipe import Family, Presentation, Recipe
from likeness.runs.record.record_file import RECORD, read_record
from likeness.runs.report.sweep import jobs_of

FAMILIES = (EMBEDDING, PIXELS, STYLIZER, DETECTION, LANDMARKS, OPEN_SET)


def family_of(config: Mapping[str, Any]) -> Family:
    """The family of the task of a plain configuration; of one that is not known, the embedding's.

    A task of a trusted package has an attribute `family`: a `Family`, or the name of one of ours, which a subclass of
    our tasks inherits.

    Raises:
        LikenessError: the task can't be imported, or says of no family.
    """
    target = (config.get("task") or {}).get("_target_")
    known = next((family for family in FAMILIES if target in family.tasks), None)
    if known is None and isinstance(target, str) and is_trusted(target, config.get("trust") or ()):
        return _own_family(target)
    return known or EMBEDDING


def _own_family(target: str) -> Family:
    try:
        said = getattr(imported(target), "family", None)
    except ValueError as error:
        raise LikenessError(ended(f"task._target_={target}: {error}")) from error
    if isinstance(said, Family):
        return said
    named = next((family for family in FAMILIES if family.name == said), None)
    if named is None:
        names = ", ".join(family.name for family in FAMILIES)
        raise LikenessError(
            f"task._target_={target} does not say which family of tasks it belongs to; give the class an attribute "
            f"family, a likeness.runs.recipe.Family or one of {names}."
        )
    return named


def checked(config: dict[str, Any]) -> TrainConfig:
    """The configuration of a training run as its family's schema sees it; raises as `check` does."""
    return check(config, family_of(config).schema)


def checked_composition(config: DictConfig, overrides: Sequence[str] = ()) -> TrainConfig:
    """As `checked`, of what Hydra composed of `overrides`; what is given in epochs has become steps.

    Raises:
        LikenessError: as `checked`; or a value is taken from where none is, or two lengths are given.
    """
    return _checked_in_steps(as_debugged(in_steps(config, overrides, _checked_in_steps, recipe_of)))


def _checked_in_steps(config: DictConfig) -> TrainConfig:
    with explained("config", ()):
        values = plain(config)
    with told_by_source(config):
        return checked(values)


def training_config(overrides: Sequence[str]) -> TrainConfig:
    """The checked configuration that overrides on a command line describe.

    Raises:
        LikenessError: an override names nothing that there is, or a value won't do.
    """
    return checked_composition(composed("config", overrides), overrides)


def recipe_of(config: TrainConfig) -> Recipe:
    """The recipe of a checked configuration, of which nothing is read yet."""
    recipe: Recipe = get_class(family_of(config.plain()).recipe)(config)
    return recipe


def config_of(run: Path, trust: Sequence[str] | None = ()) -> TrainConfig:
    """The checked configuration of the training run in a folder; `trust` as in `plain_config_of`.

    Raises:
        LikenessError: it is no run's folder, or not that of a training run, or it names parts of a package that is not
            trusted.
    """
    config = plain_config_of(run, trust)
    try:
        return checked(config)
    except LikenessError as error:
        raise LikenessError(f"The configuration of {run} won't do: {error}") from error


def presentation_of(folder: Path, trust: Sequence[str] = ()) -> Presentation:
    """How the results of a run, or of the jobs of a sweep, are shown.

    Raises:
        LikenessError: the record of the run is damaged, or its task is of a package that is not trusted.
    """
    if (folder / RECORD).is_file():
        return _presentation_of(folder, read_record(folder), trust)
    for run in jobs_of(folder):
        record = None
        with suppress(LikenessError):  # a damaged record says nothing of the others
            record = read_record(run)
        if record is not None:
            return _presentation_of(run, record, trust)
    return Presentation()


def _presentation_of(run: Path, record: Mapping[str, Any], trust: Sequence[str]) -> Presentation:
    config = record.get("config") or {}
    if not any((config.get("task") or {}).get("_target_") in family.tasks for family in FAMILIES):
        refuse_distrusted(run, config, trust)  # the task is asked for its family, which imports its module
    return family_of(config).presentation
