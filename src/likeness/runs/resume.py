"""Whether a run can go on: the unfinished run of a configuration, and what must be as it was."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likeness.config.key import ELASTIC, differences, key_of
from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import packages_named
from likeness.data.fingerprint import Files
from likeness.errors import LikenessError
from likeness.runs.record.data_files import Compared, compare_since
from likeness.runs.record.key_in import key_in
from likeness.runs.record.lock import is_held
from likeness.runs.record.past import PastRun, order_of
from likeness.runs.record.record_file import RECORD, read_record
from likeness.runs.record.recording import ENDED
from likeness.runs.record.source import capture_source, identity_of

log = logging.getLogger("likeness")


def unfinished_run(config: TrainConfig, data: dict[str, Any], files: Sequence[Files]) -> Path | None:
    """The last run of a configuration, where it did not end; else None.

    One that was made from another source or from other data is left: whoever mends them wants the whole run from them.

    Raises:
        LikenessError: a process is at work in it.
    """
    last = _last_run(Path(config.runs_dir, config.name), key_of(config.plain()))
    if last is None or last.record["status"] in ENDED:
        return None
    if not _is_of_this_source(last, config):
        if not is_held(last.folder):
            log.warning(
                "%s is unfinished, but was made from another source: this is a new run. `likeness resume %s` goes on "
                "with that one.",
                last.folder,
                last.folder,
            )
        return None
    _refuse_held(last)
    compared = compare_since(last.folder, files)
    if last.record.get("data") != data or compared.changed:
        log.warning(
            "%s is unfinished, but was made from other data%s: this is a new run.",
            last.folder,
            f" ({compared.changed})" if compared.changed else "",
        )
        return None
    _say_untold(last.folder, compared)
    return last.folder


def refuse_twin(config: TrainConfig) -> None:
    """Raise a LikenessError where a process is at work in a run of a configuration, which may have begun just now."""
    last = _last_run(Path(config.runs_dir, config.name), key_of(config.plain()))
    if last is not None and last.record["status"] not in ENDED and _is_of_this_source(last, config):
        _refuse_held(last)


def refuse_other(
    folder: Path, before: TrainConfig, config: TrainConfig, data: dict[str, Any], files: Sequence[Files]
) -> None:
    """Raise a LikenessError that names what differs from the run in `folder` and would change more than last bits.

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
        if key in ELASTIC:
            continue
        raise LikenessError(
            f"{key}={now} would change the numbers of {folder}, which runs with {key}={then}; "
            "start a new run instead."
        )
    compared = compare_since(folder, files)
    others = [split for split, then in record.get("data", {}).items() if data.get(split) != then]
    if others or compared.changed:
        which = f"The {others[0]} data" if others else "The data"
        changed = "; ".join(filter(None, compared))
        raise LikenessError(
            f"{which} of {folder} are no longer what they were{f' ({changed})' if changed else ''}; "
            "put them back, or start a new run."
        )
    _say_untold(folder, compared)


def _say_untold(folder: Path, compared: Compared) -> None:
    if compared.untold:
        log.warning("%s goes on; of its data %s.", folder, compared.untold)


def _refuse_held(last: PastRun) -> None:
    if is_held(last.folder):
        raise LikenessError(
            f"Another process is at work in {last.folder}, the run of this very command: wait for it, or end it; then "
            "the same command goes on with it."
        )


def _is_of_this_source(run: PastRun, config: TrainConfig) -> bool:
    now = capture_source(packages=packages_named(config.plain()))
    return identity_of(run.record["source"]) == now.identity


def _last_run(folder: Path, key: str) -> PastRun | None:
    """The one with that key that began last among the runs in a folder."""
    same = (path.parent for path in folder.glob(f"*/{RECORD}") if key_in(path.parent) == key)
    runs = [PastRun(run, read_record(run)) for run in same]
    return max(runs, key=order_of, default=None)
