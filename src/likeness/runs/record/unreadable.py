"""The images that a run could not read, noted in its folder: a session that goes on would not meet them again."""

from contextlib import suppress
from pathlib import Path

from likeness.errors import LikenessError
from likeness.runs.record.folder import write_json
from likeness.runs.record.json_file import read_json

UNREADABLE = "unreadable-{rank}.json"
_BEFORE = "broken-*.json"  # what earlier versions called it


def note_unreadable(folder: Path, rank: int, names: set[str]) -> None:
    """Add the names of the images that a rank could not read to those of earlier sessions."""
    path = folder / UNREADABLE.format(rank=rank)
    known = _names_in(path)
    if names - known:
        write_json(path, sorted(names | known))


def noted_unreadable(folder: Path) -> set[str]:
    """The names of the images that no rank of any session could read."""
    files = [*folder.glob(UNREADABLE.format(rank="*")), *folder.glob(_BEFORE)]
    return {name for path in files for name in _names_in(path)}


def _names_in(path: Path) -> set[str]:
    """The names that a file lists; none where it is damaged: what a session meets again, it notes again."""
    with suppress(LikenessError):
        return set(read_json(path, list[str]))
    return set()
