"""What of Hydra's own a command line and a user's folder may set.

Hydra makes callbacks, loggers and launchers of whatever its own keys name, before a configuration is checked.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from likeness.config.groups import CONF
from likeness.config.key import leaves
from likeness.config.overrides import parsed, quoted
from likeness.errors import LikenessError

TAKEN = "of Hydra's own only hydra/launcher and keys of hydra.launcher can be chosen"

_OF_THE_COMMAND = (
    "runtime",
    "overrides",
    "searchpath",
    "mode",
    "job.name",
    "job.override_dirname",
    "launcher",
)
"""What differs from run to run, or is looked at by itself."""

_PLUGINS = ("hydra_plugins.", "hydra._internal.core_plugins.")
_PLAIN = re.compile(r"\$\{(hydra\.(?!launcher)[\w.]+|oc\.env:[^${}]*)\}")
"""Interpolations that give no node, which could name something to be called."""

_NAMES_OF_CODE = ("_target_", "()")
"""Keys whose values are called: by Hydra, and by Python's logging."""

_RESOURCES = frozenset(
    [
        "timeout_min",
        "nodes",
        "tasks_per_node",
        "cpus_per_task",
        "cpus_per_gpu",
        "gpus_per_node",
        "gpus_per_task",
        "mem_gb",
        "mem_per_cpu",
        "mem_per_gpu",
        "partition",
        "qos",
        "account",
        "constraint",
        "exclude",
        "gres",
        "name",
        "comment",
        "stderr_to_stdout",
        "signal_delay_s",
        "max_num_timeout",
        "array_parallelism",
        "ray.init.num_cpus",
        "ray.init.num_gpus",
        "ray.remote.num_cpus",
        "ray.remote.num_gpus",
    ]
)
"""Keys of launchers that say what a job takes. Others, such as submitit's `setup`, are commands, or lead elsewhere."""


def refuse_hydra_keys(overrides: Sequence[str]) -> None:
    """Hydra's own keys may name anything to be called, past the list of what a configuration may call.

    Raises:
        LikenessError: one of `overrides` sets such a key.
    """
    for override in overrides:
        taken = re.match(r"hydra/launcher=|[+~]*hydra\.launcher\.", override) and "_target_" not in override
        if re.match(r"[+~]*hydra([./@=]|$)", override) and not taken:
            raise LikenessError(f"{override} is not taken: {TAKEN}.")


def refuse_hydra_of(own: Path | None, overrides: Sequence[str], *, sweeps: bool) -> None:
    """Compose as Hydra is going to, and refuse what `refuse_hydra_node` does; nothing named is imported.

    Args:
        own: the folder of the user's own configuration.
        overrides: those on the command line.
        sweeps: whether they describe a sweep.

    Raises:
        LikenessError: the folder, or an interpolation, sets a key of Hydra's own.
    """
    place = [] if own is None else [f"hydra.searchpath=[{quoted(f'file://{own.resolve()}')}]"]
    mode = RunMode.MULTIRUN if sweeps else RunMode.RUN
    hydra = _loaded([*place, *overrides], mode).hydra
    refuse_hydra_node(hydra, own)
    if own is not None:
        _refuse_commands(hydra.launcher, own, {one.key_or_group for one in parsed(overrides)})


def _refuse_commands(launcher: DictConfig, own: Path, given: Collection[str]) -> None:
    """Raise a LikenessError where a user's folder gives a launcher what it may run: a script, a place, a second line.

    Args:
        launcher: as it was composed.
        own: the folder.
        given: the keys that the command line sets, on which anything plain is taken.
    """
    written, resolved = _as_written(launcher), OmegaConf.to_container(launcher, resolve=True)
    usual = [one for one in _launchers() if one["_target_"] == written["_target_"]]
    known = {(key, str(value)) for one in usual for key, value in leaves(one)}
    shown = dict(leaves(cast("dict[str, Any]", resolved)))
    for key, value in leaves(written):
        if any(f"hydra.launcher.{key}.".startswith(f"{one}.") for one in given):
            continue
        taken = (key, str(value)) in known or (key in _RESOURCES and not isinstance(value, list))
        if not taken or key not in shown or "\n" in str(shown[key]):
            said = " ".join(str(shown.get(key, value)).split())
            raise LikenessError(
                f"The configuration in {own} sets hydra.launcher.{key}={said}, which is not taken: a folder says what "
                "a job takes, and nothing that could be run; if you know it, give it on the command line."
            )


def refuse_hydra_node(hydra: DictConfig, own: Path | str | None) -> None:
    """Raise a LikenessError where a composed `hydra` node has more than ours, of which it names the first key.

    Nothing that is called comes by an interpolation either. A launcher is one of Hydra's plugins, and its values are
    plain.

    Args:
        hydra: as it was composed.
        own: the folder of the user's own configuration, for the sentence.
    """
    who = "The command line" if own is None else f"The configuration in {own}"
    found, ours = dict(_settings(hydra)), _ours()
    for key in dict.fromkeys([*found, *ours]):
        if key not in found or key not in ours or found[key] != ours[key]:
            raise LikenessError(f"{who} sets hydra.{key}, which is not taken: {TAKEN}.")
    for key, value in leaves(cast("dict[str, Any]", OmegaConf.to_container(hydra, resolve=True))):
        looked_at_by_itself = key.startswith(("launcher.", "overrides."))
        if _names_code(key, value) and not looked_at_by_itself and ours.get(key) != value:
            raise LikenessError(f"{who} sets hydra.{key}={value}, which is not taken: {TAKEN}.")
    for key, value in leaves(_as_written(hydra.launcher)):
        plugin = key == "_target_" and str(value).startswith(_PLUGINS)
        if (_names_code(key, value) and not plugin) or "${" in _PLAIN.sub("", str(value)):
            raise LikenessError(
                f"{who} sets hydra.launcher.{key}={value}, which is not taken: a launcher is a plugin of Hydra's, and "
                "its keys have plain values."
            )


def _names_code(key: str, value: Any) -> bool:
    """Whether a dotted key names something to be called, or its value does so within a list.

    A string is none, whatever stands in it: of a folder's name, or of an override such as loss._target_=NAME, Hydra
    makes keys of its own.
    """
    match value:
        case dict():
            inside = list(value.items())
        case list():
            inside = [("", one) for one in value]
        case _:
            inside = []
    return key.rpartition(".")[2] in _NAMES_OF_CODE or any(_names_code(*one) for one in inside)


def _settings(hydra: DictConfig) -> Iterator[tuple[str, Any]]:
    """The keys of a `hydra` node that every run has alike, with their values as they were written."""
    for key, value in leaves(_as_written(hydra)):
        if not any(f"{key}.".startswith(f"{one}.") for one in _OF_THE_COMMAND):
            yield key, value


def _as_written(node: DictConfig) -> dict[str, Any]:
    """A node in plain containers, its interpolations unresolved."""
    return cast("dict[str, Any]", OmegaConf.to_container(node, resolve=False))


@cache
def _ours() -> dict[str, Any]:
    return dict(_settings(_loaded([], RunMode.RUN).hydra))


@cache
def _launchers() -> list[dict[str, Any]]:
    """The nodes of the launchers that Hydra's plugins and our configuration bring."""
    names = _loader().get_group_options("hydra/launcher")
    return [_as_written(_loaded([f"hydra/launcher={one}"], RunMode.RUN).hydra.launcher) for one in names]


def _loaded(overrides: Sequence[str], mode: RunMode) -> DictConfig:
    return _loader().load_configuration("config", list(overrides), run_mode=mode)


def _loader() -> ConfigLoaderImpl:
    """What composes our configuration apart from a Hydra that is at work already, as in a sweep."""
    version.setbase("1.3")
    return ConfigLoaderImpl(create_config_search_path(str(CONF)))
