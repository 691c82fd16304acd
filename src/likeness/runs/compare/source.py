"""How the source of one past run differs from that of another."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

from likeness.runs.record.past import PastRun
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.record.source import DIFF, ROOT, SOURCES, git


def compare_source(first: PastRun, second: PastRun) -> Iterator[str]:
    """Lines that say how the sources of two runs differ; none where they are the same."""
    a, b = first.record.get("source"), second.record.get("source")
    if a == b and a is not None:
        return
    if a is None or b is None:
        yield "The source of one of them is not known: it was no git checkout."
        return
    if a["commit"] is None or b["commit"] is None:
        if a["commit"] != b["commit"]:  # the files of a checkout and of a copy have other names
            yield f"{_named(a)} and {_named(b)}: whether their files differ is not known"
        elif a["sha256"] != b["sha256"]:
            yield f"{_named(a)} and {_named(b)}, whose files differ"
        return
    if a["commit"] != b["commit"]:
        yield f"commit {a['commit'][:12]} and {b['commit'][:12]}"
        yield from _between(a["commit"], b["commit"])
    if a["diff"] != b["diff"]:
        for run in (first, second):
            yield f"{run.folder.name}: changed since its commit: {_changed_files(run) or 'nothing'}"
    ours, theirs = a["untracked"], b["untracked"]
    for path in sorted({*ours, *theirs}):
        if ours.get(path) != theirs.get(path):
            lacking = [
                run.folder.name for run, known in ((first, ours), (second, theirs)) if path not in known
            ]
            yield f"{path}, which git does not know, " + (
                f"is not in {lacking[0]}" if lacking else "is another"
            )


def _named(source: dict[str, Any]) -> str:
    if source["commit"] is not None:
        return f"commit {source['commit'][:12]}"
    return f"a copy without a commit, version {source['version']}"


def _between(first: str, second: str) -> list[str]:
    """What git says changed between two commits of this checkout."""
    try:
        stat = git(ROOT, "diff", "--stat=100", first, second, "--", *SOURCES, "requirements.lock").decode()
    except (OSError, subprocess.SubprocessError):
        return ["This checkout does not know both commits."]
    return stat.rstrip().splitlines() or ["The sources of both commits are the same."]


def _changed_files(run: PastRun) -> str:
    if run.record["source"]["diff"] is None:
        return ""
    text = SealedFiles(run.folder).read(DIFF).decode(errors="replace")
    return ", ".join(dict.fromkeys(re.findall(r"^diff --git a/(\S+)", text, re.MULTILINE)))
