"""The long tests of reliability: how many of each kind were tried and how many held, in results.json beside itself."""

import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KINDS = {
    "kills": ["tests/runs/test_kills.py", "-m", "slow"],
    "garbled files": ["tests/runs/test_garbled.py", "-m", "slow"],
    "drifts": ["tests/runs/test_reproduce.py", "-m", ""],
    "hard moments": ["tests/runs/test_resume.py", "tests/runs/test_adversity.py", "-m", ""],
    "load": ["tests/runs/test_many_past_runs.py", "tests/runs/sweep/test_many_jobs.py", "-m", "slow"],
}


def main(chosen: Sequence[str]) -> int:
    """Run all kinds, or those that are chosen; the exit status is that of the tests."""
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.is_file() else {}
    for kind in chosen or KINDS:
        results[kind] = _tried(KINDS[kind])
        path.write_text(json.dumps(results, indent=1) + "\n")
        print(kind, results[kind])
    return int(any(results[kind]["failed"] for kind in chosen or KINDS))


def _tried(words: Sequence[str]) -> dict[str, object]:
    """Run tests; how many of each function passed and failed, and the minutes that they took."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", f"--junit-xml={report}", *words],
            cwd=ROOT,
            env={**os.environ, "LIKENESS_EVIDENCE": str(HERE)},
            check=False,
        )
        cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [
        case.get("name", "")
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    by_function: dict[str, int] = {}
    for case in cases:
        name = case.get("name", "").partition("[")[0]
        by_function[name] = by_function.get(name, 0) + 1
    minutes = round((time.monotonic() - began) / 60, 1)
    return {"tests": len(cases), "failed": failed, "minutes": minutes, "by_function": by_function}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
