"""What the report of a sweep tells."""

import json
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.compare.listing import as_word
from likeness.runs.record.record_file import refuse_edited
from likeness.runs.report.page import shown_figures

SWEEP = "sweep.json"
CAPTIONS = {"parallel_coordinates": "What each trial chose and reached"}


def jobs_of(folder: Path) -> list[Path]:
    """The runs of a sweep's jobs, none where its record can't be read."""
    try:
        jobs = json.loads((folder / SWEEP).read_text())["jobs"]
        return [folder / job["run"] for job in jobs if job["run"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def about_sweep(folder: Path) -> dict[str, Any]:
    """What the template `sweep.html` asks for.

    Raises:
        LikenessError: the sweep's record is damaged, or was edited.
    """
    try:
        sweep = json.loads((folder / SWEEP).read_text())
        refuse_edited(folder / SWEEP, sweep)
        best = set(sweep["best"])
    except (KeyError, ValueError) as error:
        raise LikenessError(f"{folder / SWEEP} can't be read: it is cut short or altered.") from error
    return {
        "title": f"{sweep['name']}: sweep {sweep['id']}",
        "status": sweep["status"],
        "facts": {
            "sampler": sweep["sampler"],
            "objectives": ", ".join(f"{one['direction']} {one['metric']}" for one in sweep["objectives"]),
            "jobs": _count(sweep["jobs"]),
            "overrides": " ".join(sweep.get("overrides", sweep.get("words", []))),
        },
        "objectives": [one["metric"] for one in sweep["objectives"]],
        "space": {key: as_word(space) for key, space in sweep["space"].items()},
        "parameters": list(dict.fromkeys(key for trial in sweep["trials"] for key in trial["parameters"])),
        "trials": [
            {
                **trial,
                "parameters": {key: as_word(value) for key, value in trial["parameters"].items()},
                "best": bool(best & set(trial["jobs"])),
            }
            for trial in sweep["trials"]
        ],
        "jobs": [{**job, "parameters": _assignments(job["parameters"])} for job in sweep["jobs"]],
        "pictures": shown_figures(_drawn(folder / "figures"), CAPTIONS),
    }


def _drawn(figures: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in figures.glob("*.png")}


def _count(jobs: list[dict[str, Any]]) -> str:
    statuses = dict.fromkeys(job["status"] for job in jobs)
    return ", ".join(f"{sum(job['status'] == status for job in jobs)} {status}" for status in statuses)


def _assignments(parameters: dict[str, Any]) -> str:
    return " ".join(f"{key}={as_word(value)}" for key, value in parameters.items())
