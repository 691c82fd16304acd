"""Other people's packages whose code a run may run: where they lie, and a hash over their files."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from likeness.config.own_modules import make_importable
from likeness.errors import LikenessError


def describe_packages(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Of each package or module its place, and a hexadecimal hash of the names and contents of its files.

    Raises:
        LikenessError: there is none of that name.
    """
    return {name: _described(name, _located(name)) for name in names}


def refuse_other_packages(folder: Path, packages: dict[str, Any]) -> None:
    """Raise a LikenessError that names the first of a run's packages that is gone, or has changed since.

    It need not be importable here: where no package of its name is found, its recorded place is looked at.
    """
    for name, recorded in packages.items():
        place = _located(name, Path(recorded["place"]))
        if _described(name, place)["sha256"] != recorded["sha256"]:
            raise LikenessError(
                f"{name}, whose code {folder} ran, has changed since ({place}); put it back as it was, or train anew."
            )


def _located(name: str, recorded: Path | None = None) -> Path:
    """The folder of a package, or the file of a module."""
    try:
        make_importable(name)
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    if spec is not None and spec.origin is not None:
        return Path(spec.origin)
    if recorded is not None and recorded.exists():
        return recorded
    was = f" (it lay at {recorded})" if recorded is not None else ""
    raise LikenessError(
        f"There is no package or module {name}{was}; install it, or put the folder that holds it on PYTHONPATH."
    )


def _described(name: str, place: Path) -> dict[str, str]:
    digest = sha256()
    for file in sorted(_files(place)):
        digest.update(f"{file.relative_to(place.parent).as_posix()}\0".encode())
        digest.update(sha256(file.read_bytes()).digest())
    return {"place": str(place), "sha256": digest.hexdigest()}


def _files(place: Path) -> Iterator[Path]:
    for file in [place] if place.is_file() else place.rglob("*"):
        parts = file.relative_to(place.parent).parts
        if file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
            yield file
