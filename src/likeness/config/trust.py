"""Whose code a configuration may name: this project's own parts, and packages that the user trusts.

A configuration is data that may come from anywhere; to name a class in it is to run that class's code. So nothing
outside this project is called unless its package is trusted: by `trust=[PACKAGE]` on the command line or in the user's
own configuration, or by the package itself, which declares an entry point of the group `likeness.parts` when it is
installed. Hydra's own keys, which it follows before anything is checked, are refused by `config/hydra_node.py`.
"""

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError

ENTRY_POINTS = "likeness.parts"


def declared_packages() -> frozenset[str]:
    """The packages that installed distributions declare as parts, by entry points such as `mine = "my_package"`."""
    return _declared_in(tuple((folder, _changed(folder)) for folder in sys.path))


@lru_cache(maxsize=1)
def _declared_in(folders: tuple[tuple[str, int], ...]) -> frozenset[str]:
    """Those of the distributions in the folders of the import path, as each was when it was last changed.

    All distributions are read for it, and a configuration asks once for each of its parts.
    """
    return frozenset(entry.value.partition(":")[0] for entry in entry_points(group=ENTRY_POINTS))


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def is_trusted(target: str, trust: Collection[str]) -> bool:
    """Whether a `_target_` lies in a package, or a module, that is trusted by name or declares itself."""
    if package_of(target, trust) is not None:
        return True
    if (
        package_of(target, ("likeness",)) is not None
    ):  # which no other package declares; to read them all takes long
        return False
    return package_of(target, declared_packages()) is not None


def package_of(target: str, packages: Iterable[str]) -> str | None:
    """The one of `packages` that a `_target_` lies in, or None."""
    return next((name for name in packages if target.startswith(f"{name}.")), None)


def packages_named(config: dict[str, Any]) -> list[str]:
    """The packages beside this project's own whose code a plain configuration may run, sorted."""
    trust = config.get("trust") or []
    known = {*trust, *declared_packages()}
    used = {package_of(target, known) for target in targets_in(config)}
    return sorted({*trust, *(name for name in used if name is not None)})


def refuse_distrusted(run: Path, config: dict[str, Any], trust: Collection[str]) -> None:
    """Raise a LikenessError where the run of a configuration trusted a package that is not trusted now."""
    for package in config.get("trust") or ():
        if package not in {*trust, *declared_packages()}:
            raise LikenessError(
                f"{run} runs code of {package}, which was trusted when it was made; if you trust it too, add "
                f"--trust {package}."
            )


def targets_in(node: Any) -> Iterator[str]:
    """Every `_target_` in nested dictionaries and lists."""
    if isinstance(node, dict):
        if isinstance(node.get("_target_"), str):
            yield node["_target_"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from targets_in(one)
