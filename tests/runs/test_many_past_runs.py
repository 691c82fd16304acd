"""What a start beside thousands of past runs takes longer than one beside none."""

import shutil
import statistics
import time
from pathlib import Path

import pytest
from kept import keep
from past_samples import sample_record
from tiny import TINY

from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.record.folder import create_folder
from likeness.runs.record.record_file import write_record
from likeness.runs.resume import unfinished_run

PAST = 3000


@pytest.mark.slow
def test_a_start_beside_3000_past_runs_is_about_as_quick_as_beside_none(tmp_path: Path) -> None:
    for number in range(PAST):
        folder = tmp_path / "many" / "default" / f"20261101-{number:06d}-0000"
        folder.mkdir(parents=True)
        write_record(folder, sample_record(number))
    (tmp_path / "none" / "default").mkdir(parents=True)

    def seconds(runs: Path) -> float:
        """Of the processor, for all that a command does before it trains, but for the imports."""
        began = time.process_time()
        config = training_config([*TINY, f"runs_dir={runs}"])
        recipe = recipe_of(config)
        assert unfinished_run(config, recipe.fingerprints, recipe.files) is None
        shutil.rmtree(create_folder(config.runs_dir, config.name))
        return time.process_time() - began

    took: dict[str, list[float]] = {"none": [], "many": []}
    for _ in range(6):
        for name, found in took.items():
            found.append(seconds(tmp_path / name))
    none, many = (statistics.median(took[name][1:]) for name in ("none", "many"))
    keep(
        "load.json",
        start={
            "past_runs": PAST,
            "times_as_long": round(many / none, 2),
            "cpu_ms_more": round(1000 * (many - none)),
        },
    )
    assert many < 5 * none
