"""The record of a run, `run.json`: what ran, on what, from which source, and how it ended."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from likeness.config.key import ELASTIC, compare_values, differences, key_of
from likeness.config.own_folder import own_config_dir
from likeness.config.schema.runs import RunConfig
from likeness.config.trust import packages_named
from likeness.data.fingerprint import Files, HashedFile
from likeness.errors import LikenessError, Preempted, Pruned
from likeness.runs.record.data_files import (
    HashingFiles,
    describe_listing,
    first_difference,
    how_compared,
    read_listing,
)
from likeness.runs.record.environment import VARIABLES, capture_determinism, capture_environment
from likeness.runs.record.folder import create_folder, folder_of_runs, write_text
from likeness.runs.record.killed_worker import killed_worker_told
from likeness.runs.record.lock import alone_in, locked
from likeness.runs.record.logs import logging_to
from likeness.runs.record.outcome import cost_of, last_sign_of_life, left_in
from likeness.runs.record.provenance import missing_provenance
from likeness.runs.record.record_file import (
    RECORD,
    drop_copy,
    is_damaged,
    read_record,
    write_begun,
    write_record,
)
from likeness.runs.record.source import DIFF, Source, capture_source, identity_of

log = logging.getLogger("likeness")

FORMAT = 1

ENDED = ("finished", "pruned")
"""How a run may have ended so that it never goes on."""


class Recording(NamedTuple):
    """A run under way: its folder, and what is to be recorded of its outcome."""

    folder: Path
    outcome: dict[str, Any]


class TakenUp(NamedTuple):
    """The step that a run goes on from, and what of its folder is no longer as it was."""

    step: int
    changed: list[str]


class GoingOn(NamedTuple):
    """The folder of an unfinished run, and what looks at it as soon as no other process can change it."""

    folder: Path
    take_up: Callable[[Path], TakenUp]


@contextmanager
def recorded(
    config: RunConfig,
    data: dict[str, Any],
    files: Sequence[Files],
    going_on: GoingOn | None = None,
    refuse: Callable[[], None] = lambda: None,
) -> Iterator[Recording]:
    """Make a run's folder, or take up that of an unfinished run, and keep its record, which is closed however it ends.

    Args:
        config: the configuration, which is kept resolved in `config.yaml`.
        data: the fingerprints of the data, by split.
        files: what the data are read from; they are hashed beside the run.
        going_on: the run that goes on, where one does.
        refuse: what speaks against another run, by what it raises; until this one is recorded, none of its name begins.

    Raises:
        LikenessError: the folder can't be written, or another process is at work in it, or has ended the run meanwhile.
    """
    with ExitStack() as open_run:
        if going_on is None:
            folder, record = _begun(config, data, refuse, open_run)
        else:
            folder, record = _taken_up(config, going_on, open_run)
        run = Recording(folder, {})
        if going_on is None and (missing := missing_provenance()):
            log.warning(missing)
        hashing, status = HashingFiles(files, folder), "failed"
        try:
            with killed_worker_told():
                yield run
            record = _with_data(folder, record, files, hashing.finish())
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Preempted:
            status = "preempted"
            raise
        except Pruned as stop:
            status = "pruned"
            run.outcome["reason"] = str(stop)
            raise
        except Exception as error:
            run.outcome["reason"] = str(error)
            raise
        finally:
            hashing.stop()
            if status in ENDED:
                drop_copy(folder)
            write_record(folder, _closed(folder, record, status) | run.outcome)
            if status != "finished":
                log.info("The run ended as %s; what there is of it is kept in %s", status, folder)


def _begun(
    config: RunConfig, data: dict[str, Any], refuse: Callable[[], None], open_run: ExitStack
) -> tuple[Path, dict[str, Any]]:
    """A new folder, at work in until `open_run` is closed, and its record."""
    with alone_in(folder_of_runs(config.runs_dir, config.name)):
        refuse()
        folder = create_folder(config.runs_dir, config.name)
        _work_in(folder, open_run)
        record = _opened(folder, config.plain(), data)
        _write_start(folder, config, record)
    return folder, record


def _taken_up(config: RunConfig, going_on: GoingOn, open_run: ExitStack) -> tuple[Path, dict[str, Any]]:
    """The folder of an unfinished run, at work in until `open_run` is closed, and its record."""
    folder = going_on.folder
    for part in ("checkpoints", "figures"):
        with suppress(FileExistsError):  # what it is instead is told by the lock
            (folder / part).mkdir(exist_ok=True)  # a copy of an unfinished run may lack an empty folder
    _work_in(folder, open_run)
    record = _gone_on(folder, config.plain(), going_on.take_up)
    _write_start(folder, config, record)
    return folder, record


def _work_in(folder: Path, open_run: ExitStack) -> None:
    open_run.enter_context(locked(folder))
    open_run.enter_context(logging_to(folder / "log.txt"))


def _write_start(folder: Path, config: RunConfig, record: dict[str, Any]) -> None:
    write_text(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(config.plain())))
    write_begun(folder, {**record, "status": "running"})


def _opened(folder: Path, config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    source, started = capture_source(packages=packages_named(config)), _now()
    if source.diff:
        (folder / DIFF).write_bytes(source.diff)
    return {
        "format": FORMAT,
        "name": config["name"],
        "run": folder.name,
        "seed": config["seed"],
        "sweep": (config.get("sweep") or {}).get("id"),
        "started": started,
        "command": sys.argv,
        "folder": os.getcwd(),
        **_command_line(),
        "key": key_of(config),
        "config": config,
        "source": _plain(source),
        "environment": capture_environment(),
        "data": data,
        "sessions": [{"started": started, "step": 0, "command": sys.argv, "changed": []}],
    }


def _command_line() -> dict[str, Any]:
    """The overrides and the folder of the user's own configuration, None where no command line composed the run."""
    if not HydraConfig.initialized():
        return {"overrides": None, "config_dir": None}
    hydra = HydraConfig.get()
    return {
        "overrides": list(hydra.overrides.task),
        "config_dir": own_config_dir(hydra.runtime.config_sources),
    }


def _plain(source: Source) -> dict[str, Any]:
    """The source as it stands in the record, with the hash of its diff, which lies beside the record."""
    diff = sha256(source.diff).hexdigest() if source.diff else None
    return {**source._asdict(), "diff": diff}


def _gone_on(folder: Path, config: dict[str, Any], take_up: Callable[[Path], TakenUp]) -> dict[str, Any]:
    """The record of a run that goes on: as it was, with one session more."""
    record = read_record(folder)
    if record["status"] in ENDED:
        raise LikenessError(f"The run {folder} has {record['status']}: there is nothing to go on with.")
    step, altered = take_up(folder)
    for outcome in ("reason", "ended"):
        record.pop(outcome, None)
    *before, last = record["sessions"]
    damaged = [f"{RECORD}: was damaged, and is taken from its copy"] if is_damaged(folder) else []
    other = _otherwise_shared(record["config"], config, step)
    changed = [*_changed(record), *damaged, *altered, *other]
    for one in other:
        log.warning("%s goes on with %s.", folder, one)
    session = {"started": _now(), "step": step, "command": sys.argv, "changed": changed}
    if sources := [one for one in changed if one.startswith("source")]:
        log.warning(
            "%s goes on, but the %s changed since it began: its numbers may be those of neither; put it back as it "
            "was, or start a new run.",
            folder,
            " and the ".join(sources),
        )
    killed = {"ended": last_sign_of_life(folder)}  # where the session could not say itself when it ended
    now = {"config": config, "key": key_of(config)}  # in the keys of today
    return {**record, **now, "sessions": [*before, killed | last, session]}


def _otherwise_shared(before: dict[str, Any], config: dict[str, Any], step: int) -> list[str]:
    """How a run goes on that shares its batches among more or fewer devices."""
    return [
        f"{key}={now}, {then} before: from step {step} on the samples are the same in the same order, and the bits "
        "others (with BatchNorm or dropout, which see each device's share of a batch, more than the last of them)"
        for key, then, now in differences(before, config)
        if key in ELASTIC
    ]


def _changed(record: dict[str, Any]) -> list[str]:
    """What is no longer as it was when the run began, of its source and its environment."""
    before, now = record.get("environment", {}), capture_environment()
    differences = compare_values(_as_started(before), _as_started(now))
    changed = [f"{key}: {then} then, {now} now" for key, then, now in differences]
    return [*_changed_sources(record), *changed]


def _changed_sources(record: dict[str, Any]) -> list[str]:
    """Whose source is no longer what it was when the run began: `source` for ours, and the packages that it trusts."""
    now = capture_source(packages=packages_named(record["config"]))
    before = record.get("source")
    if now.identity == identity_of(before):
        return []
    packages = (before or {}).get("packages") or {}
    ours = [] if before is not None and now.sha256 == before["sha256"] else ["source"]
    hashes = [{name: one["sha256"] for name, one in some.items()} for some in (packages, now.packages)]
    return [*ours, *(f"source of {key}" for key, _, _ in compare_values(*hashes))]


def _with_data(
    folder: Path, record: dict[str, Any], files: Sequence[Files], now: Sequence[HashedFile]
) -> dict[str, Any]:
    """The record with its listing of the data; what differs from an earlier session's is noted in the last one."""
    *before, last = record["sessions"]
    listing = read_listing(folder)
    if changed := first_difference(listing, now):
        changed = "; ".join(filter(None, [changed, how_compared(listing, now)]))
        log.warning("The data are not what they were when the run began: %s.", changed)
        last = {**last, "changed": [*last["changed"], changed]}
    return {**record, "data_files": describe_listing(folder, files), "sessions": [*before, last]}


def _as_started(environment: dict[str, Any]) -> dict[str, Any]:
    """An environment without the flags of determinism that Lightning sets later by itself."""
    flags = environment.get("determinism", {})
    variables = {name: flags.get(name) for name in VARIABLES if name != "CUBLAS_WORKSPACE_CONFIG"}
    return {**environment, "determinism": variables}


def _closed(folder: Path, record: dict[str, Any], status: str) -> dict[str, Any]:
    """The record of a run that ends, with what it leaves behind."""
    ended = _now()
    *before, last = record["sessions"]
    sessions = [*before, {**last, "ended": ended}]
    environment = {**record["environment"], "determinism": capture_determinism()}  # as it was in force
    return {
        **record,
        "environment": environment,
        "sessions": sessions,
        "status": status,
        "ended": ended,
        **left_in(folder),
        "cost": cost_of(sessions, record.get("cost")),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
