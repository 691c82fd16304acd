"""A real run that is a job of a sweep: it stops where the pruner says so, and nowhere else."""

import json
from pathlib import Path

import pytest
from tiny import train_by
from tiny_words import OVERRIDES

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import Pruned
from likeness.runs.record.record_file import write_record
from likeness.runs.sweep.outcome import Outcome, Validation
from likeness.runs.sweep.pruning import write_earlier

pytestmark = pytest.mark.usefixtures("without_drawing")
PRUNER = (
    "++sweep.pruner={_target_: optuna.pruners.MedianPruner, metric: validation/accuracy, n_startup_trials: 1, "
    "n_warmup_steps: 8}"
)

# Measured of episodes, on an official split, and at a share of pairs of one identity.
WHERE_ASKED = ("oneshot_", "classification/", "verification/min_dcf")


def overrides_for(folder: Path, earlier: float) -> list[str]:
    """Those of a job of a sweep before which one trial had `earlier` at every validation."""
    path = folder / "earlier" / "0001.json"
    path.parent.mkdir(exist_ok=True)
    write_earlier(path, [Outcome("finished", [earlier], [Validation(step, earlier) for step in (4, 8, 12)])])
    return [f"runs_dir='{folder}'", *OVERRIDES, "++sweep.id=one", f"++sweep.earlier='{path}'", PRUNER]


def test_a_job_behind_the_others_stops_after_the_warm_up(tmp_path: Path) -> None:
    with pytest.raises(Pruned, match="stopped at step 8, behind the trials before it in validation/accuracy"):
        train_by(overrides_for(tmp_path, 1.1))
    (run,) = tmp_path.glob("default/*/")
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["sweep"]) == ("pruned", "one")
    assert record["reason"] == "stopped at step 8, behind the trials before it in validation/accuracy"
    assert [checkpoint["step"] for checkpoint in record["checkpoints"]][-1] == 8
    steps = {int(line.partition(",")[0]) for line in (run / "metrics.csv").read_text().splitlines()[1:]}
    assert steps == set(range(1, 9))


def test_a_job_killed_between_the_decision_and_the_record_trains_no_further(tmp_path: Path) -> None:
    with pytest.raises(Pruned):
        train_by(overrides_for(tmp_path, 1.1))
    (run,) = tmp_path.glob("default/*/")
    record = json.loads((run / "run.json").read_text())
    write_record(run, {**record, "status": "running", "reason": None})
    before = (run / "metrics.csv").read_text()
    with pytest.raises(Pruned, match="stopped at step 8"):
        train_by(overrides_for(tmp_path, 1.1))
    assert [*tmp_path.glob("default/*/")] == [run]
    assert (run / "metrics.csv").read_text() == before


def test_a_job_ahead_of_the_others_is_the_run_that_it_would_be_alone(tmp_path: Path) -> None:
    run = train_by(overrides_for(tmp_path, -0.1))
    alone = train_by([f"runs_dir='{tmp_path / 'alone'}'", *OVERRIDES])
    one, other = (json.loads((folder / "run.json").read_text()) for folder in (run, alone))
    assert one["status"] == "finished"
    for key in ("key", "metrics", "checkpoints", "results"):
        assert one[key] == other[key]
    logged = {name for name in one["metrics"] if name.startswith("validation/")}
    of_groups = {"validation/oneshot"}
    assert (
        logged == set(EmbeddingConfig.validates) - of_groups
    )  # what a configuration may name is what there is
    measured = set(one["results"]["trained"])
    assert measured == {name for name in EmbeddingConfig.measures if not name.startswith(WHERE_ASKED)}
