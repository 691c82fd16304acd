"""The tables of results.md, from results.json."""

from collections.abc import Iterable
from typing import Any

from contenders import EXACT, OURS


def document(results: dict[str, Any]) -> str:
    makers = {"speed": _speed, "memory": _memory, "quality": _quality}
    parts = [
        "<!-- Written by make benchmark. -->",
        *(make(results[name]) for name, make in makers.items() if name in results),
    ]
    machine = results["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in ("torch", "neural-style", "pystiche"))
    return "\n\n".join([*parts, f"{machine['cpu']} ({machine['instructions']}), {versions}."]) + "\n"


def _speed(speed: dict[str, Any]) -> str:
    tables = []
    for threads, rows in speed["threads"].items():
        best = min(rows[name]["median_s"] for name in EXACT if name != OURS)
        tables.append(
            _table(
                (
                    f"seconds of an iteration, {threads} {'thread' if int(threads) == 1 else 'threads'}",
                    "minimum",
                    "median",
                    "GFLOP/s",
                    "of the best peer's speed",
                ),
                (
                    (
                        name,
                        f"{row['min_s']:.3f}",
                        f"{row['median_s']:.3f}",
                        f"{row['gflop_per_s']:.0f}",
                        f"{best / row['median_s']:.2f}",
                    )
                    for name, row in rows.items()
                ),
            )
        )
    return "\n\n".join(tables)


def _memory(memory: dict[str, Any]) -> str:
    mib = memory["extra_mib"]
    leanest = min(mib[name] for name in EXACT if name != OURS)
    return _table(
        ("peak memory", "MiB", "of the leanest peer's"),
        ((name, f"{value:.0f}", f"{value / leanest:.2f}") for name, value in mib.items()),
    )


def _quality(quality: dict[str, Any]) -> str:
    return "\n\n".join(_race(start, quality[start]) for start in ("content", "noise"))


def _race(start: str, race: dict[str, Any]) -> str:
    found = {
        name: {point["seconds"]: "{loss:.4g} ({iterations:.0f})".format(**point) for point in curve}
        for name, curve in race["curves"].items()
    }
    budgets = sorted(set.intersection(*map(set, found.values())))
    title = f"referee's loss (iterations), from {start} at {race['loss_at_first']:.4g}"
    return _table(
        (title, *(f"{budget:g} s" for budget in budgets)),
        ((name, *(points[budget] for budget in budgets)) for name, points in found.items()),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    ruler = ("---", *("---:" for _ in head[1:]))
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ruler, *rows))
