"""callbacks=profiler: what it leaves, that it changes no number, and that kills leave it whole."""

import gzip
import json
import re
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from killing import OVERRIDES, at_call, finish, left_behind, only_run
from tiny import TINY, train_by

from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.runs.record.record_file import read_record
from likeness.runs.training.debug.where_time_goes import PHASES

PLAIN = [*OVERRIDES, "embedder.dropout=0.3", "augment=faces", "trainer.accumulate_grad_batches=2"]
WAIT, WARMUP, ACTIVE = 2, 1, 2
TRACED = [
    *PLAIN,
    "callbacks=profiler",
    f"callbacks.profiler.wait={WAIT}",
    f"callbacks.profiler.warmup={WARMUP}",
    f"callbacks.profiler.active={ACTIVE}",
]
MODULE = "likeness.runs.training.profiler"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    assert finish([*PLAIN, f"runs_dir={folder}"]) == 0
    return only_run(folder)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run killed within the steps that are traced, when the trace is written, and after it was."""
    folder = tmp_path_factory.mktemp("killed")
    overrides = [*TRACED, "checkpoints.every=2", f"runs_dir={folder}"]
    active = partial(at_call, 2 * (WAIT + WARMUP) + 3, f"{MODULE}:StepProfiler.on_train_batch_end")
    written = partial(at_call, 1, f"{MODULE}:replace")
    for moment in (active, written):
        assert finish(overrides, moment) == -signal.SIGKILL
        assert not (only_run(folder) / "profile" / "trace.json.gz").exists()
    after = partial(at_call, 1, "likeness.recipes.embedding.recipe:measure")
    assert finish(overrides, after) == -signal.SIGKILL
    trace = only_run(folder) / "profile" / "trace.json.gz"
    before = trace.stat().st_mtime_ns
    assert finish(overrides) == 0
    assert trace.stat().st_mtime_ns == before
    return only_run(folder)


def events(run: Path) -> list[dict[str, Any]]:
    with gzip.open(run / "profile" / "trace.json.gz") as file:
        found: list[dict[str, Any]] = json.load(file)["traceEvents"]
    return found


def steps(run: Path) -> set[str]:
    return {one["name"] for one in events(run) if str(one["name"]).startswith("ProfilerStep")}


def test_a_traced_run_is_bit_for_bit_the_one_without(plain: Path, tmp_path: Path) -> None:
    run = train_by([*TRACED, f"runs_dir={tmp_path}"])
    assert left_behind(run) == left_behind(plain)
    assert steps(run) == {f"ProfilerStep#{WAIT + WARMUP + step}" for step in range(ACTIVE)}


def test_a_run_that_is_killed_within_it_goes_on_to_the_same_bits_and_has_one_trace(
    plain: Path, killed: Path
) -> None:
    ours, theirs = left_behind(killed), left_behind(plain)
    expected = theirs.pop("hashes").splitlines()
    # checkpoints are saved more often here, which changes nothing of those that both have
    assert [line for line in ours.pop("hashes").splitlines() if line in expected] == expected
    assert ours == theirs
    assert [one["step"] for one in read_record(killed)["sessions"]] == [0, 4, 8, 12]
    assert sorted(path.name for path in (killed / "profile").iterdir()) == ["table.txt", "trace.json.gz"]
    assert len(steps(killed)) == 4 - WAIT - WARMUP  # the third session had four steps left


def test_trace_and_table_name_the_phases_of_a_step(tmp_path: Path) -> None:
    run = train_by([*TINY, "debug=fast", "callbacks=profiler", f"runs_dir={tmp_path}"])
    names = {one["name"] for one in events(run)}
    assert {"forward and loss", "backward", "optimizer"} <= names & set(PHASES)
    assert {"aten::convolution", "aten::convolution_backward"} <= names
    table = (run / "profile" / "table.txt").read_text()
    rows = re.findall(r"^(\w[\w ]*?) +(-?[\d.]+)% +(-?[\d.]+)$", table, re.MULTILINE)
    shares = {name: float(share) for name, share, _ in rows}
    assert shares.keys() == {*PHASES, "the rest", "all"}
    assert min(shares[name] for name in ("forward and loss", "backward")) > 0
    assert sum(shares.values()) == pytest.approx(200, abs=1)
    assert re.search(r"aten::convolution_backward +\d", table)


def test_steps_that_a_training_does_not_reach_are_refused() -> None:
    with pytest.raises(
        LikenessError, match=r"callbacks\.profiler traces the last of 10 steps .* has 9: lower callbacks"
    ):
        training_config(["callbacks=profiler", "trainer.max_steps=9"])
