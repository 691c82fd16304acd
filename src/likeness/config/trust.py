"""Whose code a configuration may name: this project's own parts, and packages that the user trusts.

A configuration is data that may come from anywhere; to name a class in it is to run that class's code. So nothing
outside this project is called unless its package is trusted: by `trust=[PACKAGE]` on the command line or in the user's
own configuration, or by the package itself, which declares an entry point of the group `likeness.parts` when it is
installed.
"""

import sys
from collections.abc import Collection, Iterable
from importlib.metadata import entry_points
from pathlib import Path

ENTRY_POINTS = "likeness.parts"


def declared_packages() -> frozenset[str]:
    """The packages that installed distributions declare as parts, by entry points such as `mine = "my_package"`."""
    return frozenset(entry.value.partition(":")[0] for entry in entry_points(group=ENTRY_POINTS))


def is_trusted(target: str, trust: Collection[str]) -> bool:
    """Whether a `_target_` lies in a package, or a module, that is trusted by name or declares itself."""
    return package_of(target, {*trust, *declared_packages()}) is not None


def package_of(target: str, packages: Iterable[str]) -> str | None:
    """The one of `packages` that a `_target_` lies in, or None."""
    return next((name for name in packages if target.startswith(f"{name}.")), None)


def find_modules_in(*folders: Path | str) -> None:
    """Let modules of these folders be imported, after all that can be imported already, so that none is hidden."""
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)
