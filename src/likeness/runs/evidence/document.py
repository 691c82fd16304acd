"""The table of an experiment's results as Markdown."""

from collections.abc import Mapping
from typing import Any

from likeness.runs.recipe import Presentation


def document(name: str, evidence: Mapping[str, Any], presentation: Presentation) -> str:
    """The content of `results.md`, made of that of `results.json`; a metric too few pairs can tell is left out."""
    runs, results = evidence["runs"], evidence["results"]
    metrics = dict.fromkeys(metric for measured in results.values() for metric in measured)
    rows = [
        [
            metric,
            *(_estimate(metric, measured.get(metric), presentation) for measured in results.values()),
            _count(metric, results),
        ]
        for metric in metrics
        if any("mean" in measured.get(metric, {}) for measured in results.values())
    ]
    seeds = ", ".join(str(run["seed"]) for run in runs)
    what = (
        f"mean and 95% interval over seeds {seeds} (Student's t)"
        if len(runs) > 1
        else f"seed {seeds}, 95% interval over the identities or pairs of the test, of a detector over its images"
    )
    sources = (run.get("source") or {} for run in runs)
    commits = dict.fromkeys((source.get("commit") or "no commit")[:12] for source in sources)
    return "\n".join(
        [
            f"<!-- Written by make experiments NAME={name}. -->",
            f"Shares in per cent: {what}; from commit {', '.join(commits)}.",
            "",
            *_table(["", *results, "count"], rows),
            "",
            *_table(["seed", *_first(results), "minutes"], _each(evidence, presentation)),
            "",
        ]
    )


def _each(evidence: Mapping[str, Any], presentation: Presentation) -> list[list[str]]:
    """A row for each run: its seed, the first metrics of the first encoder, and how long it took."""
    measured = next(iter(evidence["results"].values()))
    return [
        [
            str(run["seed"]),
            *(
                _said(
                    presentation,
                    metric,
                    measured[metric]["values"][place],
                    *measured[metric]["intervals"][place],
                )
                for metric in _first(evidence["results"])
            ),
            f"{run['cost']['wall_s'] / 60:.1f}" if run["cost"] else "",
        ]
        for place, run in enumerate(evidence["runs"])
    ]


def _first(results: Mapping[str, Any]) -> list[str]:
    """The first metric of each group, such as verification and retrieval."""
    encoder = next(iter(results))
    return list({metric.partition("/")[0]: metric for metric in reversed(results[encoder])}.values())[::-1]


def _table(columns: list[str], rows: list[list[str]]) -> list[str]:
    lines = [columns, ["---", *("---:" for _ in columns[1:])], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _estimate(name: str, metric: Mapping[str, Any] | None, presentation: Presentation) -> str:
    if metric is None:
        return "not measured"
    return _said(presentation, name, metric.get("mean"), metric.get("low"), metric.get("high"))


def _said(
    presentation: Presentation, name: str, value: float | None, low: float | None, high: float | None
) -> str:
    interval = presentation.written_interval(name, low, high, 2)
    return f"{presentation.written(name, value, 2)} {interval}".rstrip()


def _count(metric: str, results: Mapping[str, Any]) -> str:
    return next(f"{measured[metric]['count']:,}" for measured in results.values() if metric in measured)
