"""The dashboard of all runs below a folder: Trackio's page, on this machine alone."""

import contextlib
import io
import json
import logging
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.record.folder import METRICS, RESULTS, write_json
from likeness.runs.record.lock import is_held
from likeness.runs.record.record_file import read_record
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.trackers.follow import follow
from likeness.runs.trackers.installed import refuse_missing
from likeness.runs.trackers.tracker import Status, TrackedRun, read_run
from likeness.runs.trackers.trackio_project import STORE, TrackioProject, trackio_of

log = logging.getLogger("likeness")

PROJECT = "likeness"  # of runs that chose no project of Trackio's
IMPORTED = "imported.json"  # what the store was told of each run
INTERVAL = 5.0  # seconds between two looks at the runs
ORDER = "train/loss,train/*,validation/*"  # of the curves; what was measured at the end comes after them

HOW_IT_ENDED: dict[str, Status] = {"finished": "finished", "failed": "failed", "pruned": "finished"}


def show_dashboard(runs_dir: Path, *, port: int | None = None, open_browser: bool = True) -> None:
    """Open the dashboard over the runs below `runs_dir`, those under way too, until Ctrl-C.

    Raises:
        LikenessError: Trackio isn't installed, there are no runs, or the port is taken.
    """
    refuse_missing(["trackio"])
    if not _newest_first(runs_dir):
        raise LikenessError(
            f"There are no runs below {runs_dir}; name their folder: likeness dashboard RUNS."
        )
    os.environ.setdefault("TRACKIO_PLOT_ORDER", ORDER)
    trackio = trackio_of(runs_dir)
    import_runs(runs_dir, most=1)  # the page shall not begin empty
    with _silence():  # Trackio prints an address by which others can write
        try:
            server, address, *_ = trackio.show(
                project=PROJECT,
                host="127.0.0.1",
                server_port=port,
                share=False,
                open_browser=open_browser,
                block_thread=False,
            )
        except OSError as error:
            raise LikenessError(
                f"The dashboard can't be served ({error}); choose a port by --port."
            ) from error
    print(f"The runs below {runs_dir}: {address.rstrip('/')}/?project={PROJECT} (Ctrl-C ends it)", flush=True)
    try:
        while True:
            import_runs(runs_dir)
            time.sleep(INTERVAL)
    except KeyboardInterrupt:
        server.close()


def import_runs(runs_dir: Path, most: int | None = None) -> None:
    """Tell Trackio's store what is new of the `most` newest runs below `runs_dir`; a damaged one is left out."""
    path = runs_dir / STORE / IMPORTED
    imported = json.loads(path.read_text()) if path.is_file() else {}
    for folder in _newest_first(runs_dir)[:most]:
        try:
            run = read_run(folder)
            mark = _mark(folder)
            if imported.get(run.name) == mark or _tells_trackio_itself(run):
                continue
            _refuse_altered(folder)
            _import(run, HOW_IT_ENDED.get(mark["status"], "interrupted"))
            imported[run.name] = mark
            write_json(path, imported)
        except (LikenessError, OSError, ValueError, KeyError) as error:
            _say_left_out(folder, str(error))


def _import(run: TrackedRun, status: Status) -> None:
    chosen = dict(_trackio_node(run) or {})
    chosen.pop("_target_", None)
    with _silence():
        tracker = TrackioProject(run, **{"project": PROJECT, "group": None, "tags": [], **chosen})
        follow(tracker, run.folder, lambda: status)


@cache
def _say_left_out(folder: Path, reason: str) -> None:
    log.warning("%s is left out: %s", folder, reason)


def _refuse_altered(folder: Path) -> None:
    """Raise a LikenessError where what the page shows of a run is not what its record says."""
    files = SealedFiles(folder)
    for name in files.names:
        if name in (METRICS, RESULTS) or name.startswith("figures/"):
            with files.opened(name):
                pass


def _mark(folder: Path) -> dict[str, Any]:
    """What changes when there is something new of a run."""
    metrics = folder / METRICS
    return {
        "status": read_record(folder)["status"],
        "bytes": metrics.stat().st_size if metrics.is_file() else 0,
    }


def _tells_trackio_itself(run: TrackedRun) -> bool:
    return _trackio_node(run) is not None and is_held(run.folder)


def _trackio_node(run: TrackedRun) -> dict[str, Any] | None:
    node: dict[str, Any] | None = run.config.get("logger", {}).get("trackio")
    return node


def _newest_first(runs_dir: Path) -> list[Path]:
    return sorted(
        (record.parent for record in runs_dir.glob("*/*/run.json")),
        key=lambda folder: folder.name,
        reverse=True,
    )


def _silence() -> contextlib.redirect_stdout[io.StringIO]:
    return contextlib.redirect_stdout(io.StringIO())
