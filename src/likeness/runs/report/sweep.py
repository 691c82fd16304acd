"""What the report of a sweep tells."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.compare.listing import as_word
from likeness.runs.recipe import Presentation
from likeness.runs.record.json_file import read_json
from likeness.runs.record.measured import recorded_interval
from likeness.runs.record.record_file import refuse_edited
from likeness.runs.record.sweep_shape import Ledger, SweptJob
from likeness.runs.report.page import shown_figures

SWEEP = "sweep.json"
CAPTIONS = {"parallel_coordinates": "What each trial chose and reached"}


def jobs_of(folder: Path) -> list[Path]:
    """The runs of a sweep's jobs, none where its record can't be read."""
    with suppress(LikenessError):
        return [folder / job["run"] for job in read_json(folder / SWEEP, Ledger)["jobs"] if job["run"]]
    return []


def about_sweep(folder: Path, presentation: Presentation) -> dict[str, Any]:
    """What the template `sweep.html` asks for.

    Raises:
        LikenessError: the sweep's record is damaged, or was edited.
    """
    sweep = read_json(folder / SWEEP, Ledger)
    refuse_edited(folder / SWEEP, sweep)
    best = set(sweep["best"])
    return {
        "title": f"{sweep['name']}: sweep {sweep['id']}",
        "status": sweep["status"],
        "facts": {
            "sampler": sweep["sampler"],
            "objectives": ", ".join(f"{one['direction']} {one['metric']}" for one in sweep["objectives"]),
            "jobs": _count(sweep["jobs"]),
            **_tested(sweep.get("tested"), presentation),
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


def _tested(tested: dict[str, Any] | None, presentation: Presentation) -> dict[str, str]:
    """What the test says of the winner, where it chose nothing; earlier versions did not write it."""
    if tested is None:
        return {}
    metric = tested["metric"]
    interval = presentation.written_interval(metric, *recorded_interval(tested), digits=1)
    value = presentation.written(metric, tested["value"], 2)
    return {"the best on the test data": f"{metric} {value} {interval}".rstrip()}


def _count(jobs: Sequence[SweptJob]) -> str:
    statuses = dict.fromkeys(job["status"] for job in jobs)
    return ", ".join(f"{sum(job['status'] == status for job in jobs)} {status}" for status in statuses)


def _assignments(parameters: dict[str, Any]) -> str:
    return " ".join(f"{key}={as_word(value)}" for key, value in parameters.items())
