"""What a sweep of many small jobs adds to each of them."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from kept import keep
from toy_sweep import Jobs, run_sweep


@pytest.mark.slow
def test_a_job_of_a_sweep_of_200_costs_hardly_more_than_one_of_20(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SimpleNamespace(identity=None)
    monkeypatch.setattr("likeness.runs.sweep.sweep.capture_source", lambda packages: source)

    def seconds_a_job(number: int) -> float:
        """Of the processor, with what the job itself does, which is little."""
        began = time.process_time()
        content = run_sweep(tmp_path / str(number), f"seed=range({number})", jobs=Jobs())
        assert [job["status"] for job in content["jobs"]] == ["finished"] * number
        return (time.process_time() - began) / number

    seconds_a_job(2)  # imports
    few, many = seconds_a_job(20), seconds_a_job(200)
    keep(
        "load.json",
        sweep={"cpu_ms_a_job_of_20": round(1000 * few, 1), "cpu_ms_a_job_of_200": round(1000 * many, 1)},
    )
    assert many < 3 * few
