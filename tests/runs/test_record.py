"""The record of a run says what ran, on what, from which source, and how it ended."""

import csv
import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
import torch
from killing import OVERRIDES, finish, kill_self, only_run
from past_samples import sample_record

from likeness.config.key import key_of
from likeness.recipes.choose import training_config
from likeness.runs.record.logged import read_metrics
from likeness.runs.record.record_file import read_record, seal_of, write_record
from likeness.runs.record.recording import GoingOn, TakenUp, recorded
from likeness.runs.record.source import capture_source


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    assert finish([f"runs_dir={folder}", *OVERRIDES]) == 0
    return only_run(folder)


def test_a_finished_run_is_described(run: Path) -> None:
    record = read_record(run)
    assert (record["format"], record["status"], record["run"]) == (1, "finished", run.name)
    assert record["key"] == key_of(record["config"])
    assert record["environment"]["torch"] == torch.__version__
    assert record["environment"]["threads"] == 1
    assert record["environment"]["determinism"]["deterministic_algorithms"]
    assert record["started"] < record["ended"] == record["sessions"][-1]["ended"]
    assert [session["changed"] for session in record["sessions"]] == [[]]
    assert record["cost"]["wall_s"] > 0.1
    assert record["cost"]["peak_memory_bytes"] > 100 * 2**20


def test_the_source_is_kept(run: Path) -> None:
    source = read_record(run)["source"]
    assert source["commit"] == capture_source().commit
    diff = run / "source.diff"
    assert source["diff"] == (hashlib.sha256(diff.read_bytes()).hexdigest() if diff.exists() else None)


def test_what_the_run_leaves_stands_in_it_at_full_precision(run: Path) -> None:
    record = read_record(run)
    last = {row.metric: {"step": row.step, "value": row.value} for row in read_metrics(run)}
    assert record["metrics"] == last
    assert record["metrics"]["train/loss"]["step"] == 12
    assert record["metrics_sha256"] == hashlib.sha256((run / "metrics.csv").read_bytes()).hexdigest()
    assert record["results"] == json.loads((run / "results.json").read_text())
    with (run / "checkpoints" / "hashes.csv").open(newline="") as file:
        rows = [{**row, "step": int(row["step"])} for row in csv.DictReader(file)]
    assert record["checkpoints"] == rows
    assert rows[-1].keys() == {"step", "weights", "optimizer", "scheduler", "precision"}


def test_the_hash_of_the_weights_is_that_of_the_checkpoint(run: Path) -> None:
    """By a second way: the bytes of every tensor after its name, type and shape."""
    weights = torch.load(run / "checkpoints" / "step-00000012.ckpt", weights_only=True)["weights"]
    digest = hashlib.sha256()
    for name, value in weights.items():
        digest.update(f"/{name}{value.dtype}{tuple(value.shape)}".encode() + value.numpy().tobytes())
    assert read_record(run)["checkpoints"][-1]["weights"] == digest.hexdigest()


def test_the_seal_notices_every_edit(run: Path, tmp_path: Path) -> None:
    record = read_record(run)
    assert record["seal"] == seal_of(record)
    for key in record.keys() - {"seal"}:
        assert seal_of({**record, key: "edited"}) != record["seal"]
    logged = {name: {"step": 1, "value": float(value)} for name, value in (("loss", "nan"), ("top", "inf"))}
    write_record(tmp_path, {**sample_record(), "metrics": logged, "shape": (1, 2)})
    read = read_record(tmp_path)
    assert read["metrics"] == {name: {"step": 1, "value": None} for name in logged}
    assert read["seal"] == seal_of(read)


def set_threads_to_two() -> None:
    torch.set_num_threads(2)


def test_what_changed_before_a_run_went_on_is_noted_and_all_its_sessions_cost(tmp_path: Path) -> None:
    overrides = [f"runs_dir={tmp_path}", *OVERRIDES]
    assert finish(overrides, partial(kill_at_step, 9)) == -9
    run = only_run(tmp_path)
    assert finish(overrides, set_threads_to_two) == 0
    record = read_record(run)
    first, second = record["sessions"]
    assert first["changed"] == []
    assert second["changed"] == ["threads: 1 then, 2 now"]
    assert second["step"] == 8
    assert first["started"] < first["ended"] <= second["started"] < second["ended"]


def kill_at_step(step: int) -> None:
    from likeness.tasks.embedding import EmbeddingTask

    training_step = EmbeddingTask.training_step

    def killing(task: EmbeddingTask, batch: object, number: int) -> object:
        if task.global_step == step:
            kill_self()
        return training_step(task, batch, number)

    EmbeddingTask.training_step = killing


def test_a_run_that_goes_on_with_changed_code_says_whose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("kept_parts", "changed_parts"):
        (tmp_path / f"{name}.py").write_text("A = 1\n")
    config = training_config(["trust=[kept_parts,changed_parts]", f"runs_dir='{tmp_path}/runs'"])
    with pytest.raises(KeyboardInterrupt), recorded(config, {}, []) as run:
        raise KeyboardInterrupt

    def go_on() -> str:
        """What a session more logs."""
        log = run.folder / "log.txt"
        before = len(log.read_text())
        going_on = GoingOn(run.folder, lambda folder: TakenUp(3, []))
        with pytest.raises(KeyboardInterrupt), recorded(config, {}, [], going_on):
            raise KeyboardInterrupt
        return log.read_text()[before:]

    assert "goes on" not in go_on()
    (tmp_path / "changed_parts.py").write_text("A = 2\n")
    assert f"{run.folder} goes on, but the source of changed_parts changed since it began: " in go_on()
    changed = [session["changed"] for session in read_record(run.folder)["sessions"]]
    assert changed == [[], [], ["source of changed_parts"]]
    record = read_record(run.folder)
    write_record(run.folder, {**record, "source": {**record["source"], "sha256": "another"}})
    assert "but the source and the source of changed_parts changed since it began: " in go_on()
