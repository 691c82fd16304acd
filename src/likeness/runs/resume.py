"""Whether a run can go on: the unfinished run of a configuration, and what must be as it was."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.key import differences, key_of
from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import packages_named
from likeness.data.fingerprint import Files
from likeness.errors import LikenessError
from likeness.runs.record.data_files import changed_since
from likeness.runs.record.lock import is_held
from likeness.runs.record.record_file import read_record
from likeness.runs.record.source import capture_source, identity_of

log = logging.getLogger("likeness")

ENDED = ("finished", "pruned")


class _Run(NamedTuple):
    folder: Path
    record: dict[str, Any]


def unfinished_run(config: TrainConfig, data: dict[str, Any]) -> Path | None:
    """The last run of a configuration, where it did not end and no process is at work in it; else None.

    One that was made from another source or from other data is left: whoever mends them wants the whole run from them.
    """
    key = key_of(config.plain())
    same = [run for run in _runs(config) if run.record.get("key") == key]
    last = max(same, key=lambda run: run.record["started"], default=None)
    if last is None or last.record["status"] in ENDED or is_held(last.folder):
        return None
    if identity_of(last.record["source"]) != capture_source(packages=packages_named(config.plain())).identity:
        log.warning(
            "%s is unfinished, but was made from another source: this is a new run. `likeness resume %s` goes on "
            "with that one.",
            last.folder,
            last.folder,
        )
        return None
    if last.record.get("data") != data:
        log.warning("%s is unfinished, but was made from other data: this is a new run.", last.folder)
        return None
    return last.folder


def refuse_other(
    folder: Path, before: TrainConfig, config: TrainConfig, data: dict[str, Any], files: Sequence[Files]
) -> None:
    """Raise a LikenessError that names what differs from the run in `folder` and would change its numbers.

    Args:
        folder: the run's.
        before: its configuration.
        config: that which it is to go on with.
        data: the fingerprints of what is read now.
        files: where that lies.
    """
    record = read_record(folder)
    if record.get("status") in ENDED:
        raise LikenessError(f"The run {folder} has {record['status']}: there is nothing to go on with.")
    for key, then, now in differences(before.plain(), config.plain()):
        raise LikenessError(
            f"{key}={now} would change the numbers of {folder}, which runs with {key}={then}; "
            "start a new run instead."
        )
    for split, fingerprint in record.get("data", {}).items():
        if data.get(split) != fingerprint:
            changed = changed_since(folder, files)
            raise LikenessError(
                f"The {split} data of {folder} are no longer what they were{f' ({changed})' if changed else ''}; "
                "put them back, or start a new run."
            )


def _runs(config: TrainConfig) -> Iterator[_Run]:
    for path in Path(config.runs_dir, config.name).glob("*/run.json"):
        with suppress(LikenessError):  # a damaged record is nobody's
            yield _Run(path.parent, read_record(path.parent))
