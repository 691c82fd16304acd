"""What the report of a run tells."""

from pathlib import PurePosixPath
from typing import Any

from likeness.config.key import leaves
from likeness.runs.compare.listing import as_word
from likeness.runs.recipe import Presentation
from likeness.runs.record.handed_on import said_of
from likeness.runs.record.past import TRAINED, PastRun
from likeness.runs.record.record_file import operating_point_of, unreadable_of
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.source import DIFF
from likeness.runs.report.page import shown_figures

UNREADABLE = 100  # as many names are shown


def about_run(run: PastRun, presentation: Presentation) -> dict[str, Any]:
    """What the template `run.html` asks for; what is shown of the run's files is what its record names."""
    record = run.record
    environment = {**record.get("environment", {})}
    packages = environment.pop("packages", {})
    files = SealedFiles(run.folder)
    return {
        "title": run.label,
        "status": run.status,
        "reason": record.get("reason"),
        "facts": _facts(run, presentation),
        "results": run.results,
        "about": TRAINED if TRAINED in run.results else next(iter(run.results), ""),
        "counts": {
            name: metric["count"] for measured in run.results.values() for name, metric in measured.items()
        },
        "pictures": shown_figures(_drawn_in(files), presentation.captions),
        "logged": record.get("metrics") or {},
        "tables": {
            "Configuration": _words(record.get("config", {})),
            "Data": _words(record.get("data", {})),
            "Source": _words(record.get("source") or {}),
            "Environment": _words(environment),
        },
        "packages": packages,
        "sessions": record.get("sessions", []),
        "checkpoints": record.get("checkpoints") or [],
        "diff": files.read(DIFF).decode(errors="replace") if files.has(DIFF) else "",
        "unreadable": unreadable_of(record),
        "shown": UNREADABLE,
    }


def _drawn_in(files: SealedFiles) -> dict[str, bytes]:
    """The figures of a run, by their names."""
    drawn = [name for name in files.names if name.startswith("figures/") and name.endswith(".png")]
    return {PurePosixPath(name).stem: files.read(name) for name in drawn}


def _facts(run: PastRun, presentation: Presentation) -> dict[str, str]:
    """The few facts at the head of the page, by name."""
    record, cost = run.record, run.record.get("cost") or {}
    source = record.get("source") or {}
    changed = " with changes" if source.get("diff") or source.get("untracked") else ""
    facts = {
        "seed": str(record.get("seed", "")),
        "started": str(record.get("started", ""))[:19].replace("T", " ") + " UTC",
        "took": _duration(cost["wall_s"]) if "wall_s" in cost else "",
        "peak memory": f"{cost['peak_memory_bytes'] / 2**30:.2f} GiB" if "peak_memory_bytes" in cost else "",
        "commit": f"{source['commit'][:12]}{changed}" if source.get("commit") else _without_commit(source),
        "weights": said_of(record["weights"]) if record.get("weights") else "",
        "best validation": _best(record["best"], presentation) if record.get("best") else "",
        "threshold": _threshold(operating_point_of(record) or {}),
        "key": str(record.get("key", "")),
        "command": " ".join(record.get("command", [])),
    }
    return {name: text for name, text in facts.items() if text}


def _best(best: dict[str, Any], presentation: Presentation) -> str:
    return f"{best['metric']} {presentation.written(best['metric'], best['value'], 2)} at step {best['step']}"


def _threshold(point: dict[str, Any]) -> str:
    """The operating point, where the run has chosen one that accepts anything."""
    if point.get("threshold") is None or point.get("far") is None:
        return ""
    return f"distance {point['threshold']:.4g} at {point['far']:.2%} false accepts"


def _without_commit(source: dict[str, Any]) -> str:
    return f"none: likeness {source['version']}, not a checkout" if source else "not known"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
    )


def _words(node: dict[str, Any]) -> dict[str, str]:
    return {key: as_word(value) for key, value in leaves(node)}
