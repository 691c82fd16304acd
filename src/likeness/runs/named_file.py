"""Local files that a configuration may name beside its data."""

from pathlib import Path

from likeness.data.fingerprint import Files


def local_file(named: str | None) -> Files | None:
    """The file that a value such as `backbone.weights` names; None where it is a word, or no file."""
    path = Path(named or "").expanduser()
    return Files(path.parent, [path.name]) if path.is_file() else None
