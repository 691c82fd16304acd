"""The images that a run could not read, noted in its folder: a session that goes on would not meet them again."""

import json
from pathlib import Path

from likeness.runs.record.folder import write_json

UNREADABLE = "unreadable-{rank}.json"
_BEFORE = "broken-*.json"  # what earlier versions called it


def note_unreadable(folder: Path, rank: int, names: set[str]) -> None:
    """Add the names of the images that a rank could not read to those of earlier sessions."""
    path = folder / UNREADABLE.format(rank=rank)
    known = set(json.loads(path.read_text())) if path.exists() else set()
    if names - known:
        write_json(path, sorted(names | known))


def noted_unreadable(folder: Path) -> set[str]:
    """The names of the images that no rank of any session could read."""
    files = [*folder.glob(UNREADABLE.format(rank="*")), *folder.glob(_BEFORE)]
    return {name for path in files for name in json.loads(path.read_text())}
