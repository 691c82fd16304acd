"""The pictures that a run could not read, noted in its folder: a session that goes on would not meet them again."""

import json
from pathlib import Path

from likeness.runs.record.folder import write_json

BROKEN = "broken-{rank}.json"


def note_unreadable(folder: Path, rank: int, names: set[str]) -> None:
    """Add the names of the pictures that a rank could not read to those of earlier sessions."""
    path = folder / BROKEN.format(rank=rank)
    known = set(json.loads(path.read_text())) if path.exists() else set()
    if names - known:
        write_json(path, sorted(names | known))


def noted_unreadable(folder: Path) -> set[str]:
    """The names of the pictures that no rank of any session could read."""
    return {name for path in folder.glob(BROKEN.format(rank="*")) for name in json.loads(path.read_text())}
