"""What of Hydra's own a command line and a user's folder may set.

Hydra makes callbacks, loggers and launchers of whatever its own keys name, before a configuration is checked.
"""

import re
from collections.abc import Iterator, Sequence
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
    quoted = "" if own is None else str(own.resolve()).replace("'", r"\'")
    place = [] if own is None else [f"hydra.searchpath=['file://{quoted}']"]
    mode = RunMode.MULTIRUN if sweeps else RunMode.RUN
    refuse_hydra_node(_loaded([*place, *overrides], mode).hydra, own)


def refuse_hydra_node(hydra: DictConfig, own: Path | str | None) -> None:
    """Raise a LikenessError where a composed `hydra` node has more than ours, of which it names the first key.

    A launcher is one of Hydra's plugins, and its values are plain.

    Args:
        hydra: as it was composed.
        own: the folder of the user's own configuration, for the sentence.
    """
    who = "The command line" if own is None else f"The configuration in {own}"
    found, ours = dict(_settings(hydra)), _ours()
    for key in dict.fromkeys([*found, *ours]):
        if key not in found or key not in ours or found[key] != ours[key]:
            raise LikenessError(f"{who} sets hydra.{key}, which is not taken: {TAKEN}.")
    for key, value in leaves(_as_written(hydra.launcher)):
        named = key.rpartition(".")[2] == "_target_" or "_target_" in str(value)
        plugin = key == "_target_" and str(value).startswith(_PLUGINS)
        if (named and not plugin) or "${" in _PLAIN.sub("", str(value)):
            raise LikenessError(
                f"{who} sets hydra.launcher.{key}={value}, which is not taken: a launcher is a plugin of Hydra's, and "
                "its keys have plain values."
            )


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


def _loaded(overrides: Sequence[str], mode: RunMode) -> DictConfig:
    """Our configuration, composed apart from a Hydra that is at work already, as in a sweep."""
    version.setbase("1.3")
    loader = ConfigLoaderImpl(create_config_search_path(str(CONF)))
    return loader.load_configuration("config", list(overrides), run_mode=mode)
