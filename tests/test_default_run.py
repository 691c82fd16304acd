"""What a newcomer does first, through the real command line: the default run keeps its promises."""

import json
from pathlib import Path

from likeness.config.groups import CONF


def test_the_default_run_tells_unseen_identities_apart_where_pixels_do_not(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = command(str(CONF.parent / "train.py"), "+experiment=triplet_hard", timeout=900)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / done.stdout.strip().splitlines()[-1] / "results.json").read_text())
    accuracy = {encoder: metrics["verification/accuracy"] for encoder, metrics in results.items()}
    assert accuracy["trained"]["count"] == 6000
    assert accuracy["trained"]["value"] >= 0.95
    assert accuracy["raw pixels"]["value"] <= 0.65
    assert accuracy["untrained"]["value"] <= 0.65
