"""Figures for experiments/benchmarks/endurance: LIKENESS_EVIDENCE=FOLDER keeps there what tests have counted."""

import json
import os
from pathlib import Path
from typing import Any


def keep(file: str, **found: Any) -> None:
    """Add to a JSON file of the evidence, where it is asked for."""
    if folder := os.environ.get("LIKENESS_EVIDENCE"):
        path = Path(folder) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**kept, **found}, indent=1) + "\n")
