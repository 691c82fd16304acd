"""Compose a configuration from overrides on a command line, and say in one sentence what can't be composed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from likeness.config.groups import CONF, groups
from likeness.config.hydra_node import refuse_hydra_keys
from likeness.config.nearest import near, nearest
from likeness.config.overrides import quoted
from likeness.config.schema.base import allowed
from likeness.errors import LikenessError, one_line

NO_CHOICE = "Config group override must be a string"  # a plain ValueError of Hydra's


def cannot_be_composed(error: Exception) -> bool:
    """Whether Hydra, OmegaConf or YAML say by `error` that the overrides can't be composed."""
    known = HydraException | OmegaConfBaseException | YAMLError
    return isinstance(error, known) or str(error).startswith(NO_CHOICE)


def composed(name: str, overrides: Sequence[str]) -> DictConfig:
    """The configuration `name` (config or evaluate) under the overrides `overrides`.

    Raises:
        LikenessError: an override names no group, choice or key that there is.
    """
    refuse_hydra_keys(overrides)
    with explained(name, overrides):
        config = _compose(name, overrides)
        OmegaConf.to_container(config, resolve=True)  # an interpolation that leads nowhere says so here
        return config


@contextmanager
def explained(name: str, overrides: Sequence[str]) -> Iterator[None]:
    """Make one sentence, a LikenessError, of what Hydra or OmegaConf raise where `overrides` can't be composed."""
    try:
        yield
    except Exception as error:
        if not cannot_be_composed(error):
            raise
        raise LikenessError(explain(error, name, overrides)) from None


def explain(error: Exception, name: str, overrides: Sequence[str], own: Path | None = None) -> str:
    """What is wrong with `overrides`, which composed to `error`, with the nearest known name.

    `own` is the folder of the user's own configuration, whose choices are known too.
    """
    text = one_line(error)
    if isinstance(error, YAMLError):
        mark = getattr(error, "problem_mark", None)
        place = f"{mark.name}, line {mark.line + 1}," if mark else getattr(error, "name", "A file")
        return f"{place} can't be read as YAML: {getattr(error, 'problem', None) or text}."
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and "/" in error.missing_cfg_file:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        if group == "hydra/launcher":
            return (
                f"There is no launcher {choice}; ray and slurm come with extras, pip install -e '.[ray]' or "
                "'.[slurm]'."
            )
        known = groups(own).get(group.split("@")[0], {})
        more = " Any timm network: backbone=timm backbone.name=NAME." if group == "backbone" else ""
        return f"There is no {group} called {choice}: {nearest(choice, known)}{more}"
    if found := re.search(r"Could not (?:override|delete from config\.) '([^']+)'", text):
        return _unknown_key(found[1], name, overrides, own)
    if found := re.search(r"Interpolation key '([^']+)' not found", text):
        asking = str(getattr(error, "full_key", None) or "A key")
        part = asking.partition(".")[0]
        return (
            f"{asking} takes its value from {found[1]}, which is not there: choose another {part}, or set it."
        )
    if found := re.search(r"already at '([^']+)'", text):
        return f"{found[1]} is there already; write {found[1]}=VALUE without the plus."
    if text.startswith(NO_CHOICE):
        return (
            f"{_without_a_name(overrides)} won't do: a group takes the name of a choice; to leave out data@test_data, "
            "head, episodes or identification write test_data=null, ~head, ~episodes or ~identification."
        )
    if found := re.search(r"Environment variable '([^']+)' not found|Missing mandatory value: (\S+)", text):
        return f"{found[1] or found[2]} has no value; give it one."
    return f"The command line can't be read: {text}"


def _without_a_name(overrides: Sequence[str]) -> str:
    """The override that chooses something else than a name."""
    known = {*groups(), "hydra/launcher"}
    return next(
        str(one.input_line)
        for one in OverridesParser.create().parse_overrides(list(overrides))
        if one.key_or_group in known and not isinstance(one.value(), str | list)
    )


def _unknown_key(dotted: str, name: str, overrides: Sequence[str], own: Path | None) -> str:
    if dotted.startswith("hydra.launcher."):
        return f"The launcher has no {dotted.removeprefix('hydra.launcher.')} yet; +{dotted}=VALUE adds it."
    if dotted == "experiment":
        return "An experiment is added with a plus: +experiment=NAME."
    if dotted == "test_data":
        return "Other data to test on are chosen with data@test_data=NAME."
    if dotted == "extra_data":
        return "Data to train a detector on beside `data` are chosen with data@extra_data=NAME."
    parent, _, leaf = dotted.rpartition(".")
    others = [
        override
        for override in overrides
        if override.lstrip("+~").partition("=")[0].rpartition(".")[0] != parent
    ]
    try:
        config = _compose(name, others, own)
    except Exception as error:
        if not cannot_be_composed(error):
            raise
        config = _compose(name, [])
    node = OmegaConf.select(config, parent) if parent else config
    if not isinstance(node, DictConfig):
        top, _, rest = dotted.partition(".")
        if top in config:
            return f"Unknown key {dotted}: {top} has no {rest}."
        if top in groups():
            return f"Unknown key {dotted}: there is no {top} here."
        return f"Unknown key {dotted}: {nearest(top, {*map(str, config), *groups()})}"
    known = {str(key) for key in node} | (set(groups()) if not parent else set())
    if not parent and leaf in groups() and leaf not in node:
        return f"No {leaf} is chosen here; +{leaf}=NAME adds one."
    if leaf in node:  # a dictionary, to which the override would add
        return f"{dotted} has not all of these keys; +{dotted}=VALUE adds them."
    if near(leaf, known) is None and _is_open(node):
        return f"{parent} has no key {leaf} yet; +{dotted}=VALUE adds it, if {node['_target_']} takes one."
    return f"Unknown key {dotted}: {nearest(leaf, known)}"


def _is_open(node: DictConfig) -> bool:
    """Whether the keys of a part are those of a signature, not all of which stand in its file."""
    target = OmegaConf.select(node, "_target_")
    schema = allowed().get(str(target))
    return target is not None and (schema is None or schema.model_config.get("extra") == "allow")


def _compose(name: str, overrides: Sequence[str], own: Path | None = None) -> DictConfig:
    GlobalHydra.instance().clear()
    place = [f"hydra.searchpath=[{quoted(f'file://{own.resolve()}')}]"] if own else []
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, overrides=[*place, *overrides])
