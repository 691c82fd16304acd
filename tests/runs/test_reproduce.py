"""A run that was let be is proved equal; whatever was changed since, `reproduce` never says so."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from PIL import Image

from likeness.config.key import key_of
from likeness.data.drawn_faces import drawn_faces
from likeness.errors import LikenessError
from likeness.runs.record.record_file import read_record, write_record
from likeness.runs.record.sealed import hashes_of_files
from likeness.runs.record.source import ROOT, hash_of_sources
from likeness.runs.reproduce import Outcome, Verdict, foreign, refusal, reproduce, verdict, worktree
from likeness.runs.training.checkpoints import hash_of

TINY = [
    "data=image_folder",
    "data.split=[0.5,0.25,0.25]",
    "loss=mine",
    "backbone.width=4",
    "backbone.spatial_size=32",
    "sampler.identities=3",
    "sampler.images=2",
    "trainer.max_steps=6",
    "trainer.val_check_interval=3",
    "trainer.log_every_n_steps=1",
    "checkpoints.every=2",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "evaluation.folds=2",
    "loader.workers=0",
    "trainer.accelerator=cpu",
]
MINE = "conf/loss/mine.yaml"  # a source that git does not know
NET = "src/likeness/models/small_conv.py"


class Case(NamedTuple):
    """A recorded run, the checkout that it ran from, and its images."""

    run: Path
    checkout: Path
    images: Path


def git(checkout: Path, *overrides: str) -> None:
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    subprocess.run(["git", *me, *overrides], cwd=checkout, check=True, capture_output=True)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def make_checkout(checkout: Path) -> None:
    """A checkout of this project's sources with three commits, a change since, and a source that git does not know."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("src", "conf"):
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    for name in ("train.py", "requirements.lock", ".gitignore"):
        shutil.copy(ROOT / name, checkout / name)
    git(checkout, "init", "-q")
    replace(checkout / NET, "(*stages, pool)", "(*stages, nn.Softplus(1.0), pool)")
    for before, after in (("1.0", "1.1"), ("1.1", "1.2"), ("1.2", "1.3")):
        git(checkout, "add", "-A")
        git(checkout, "commit", "-q", "-m", "more")
        replace(checkout / NET, f"Softplus({before})", f"Softplus({after})")
    text = (checkout / "conf/loss/triplet_hard.yaml").read_text()
    (checkout / MINE).write_text(text.replace("margin: 0.2", "margin: 0.4"))


def make_images(root: Path) -> None:
    overrides = {
        "identities": 12,
        "pictures_per_identity": 4,
        "validation_identities": 2,
        "test_identities": 2,
    }
    train = drawn_faces(**overrides, seed=0, image_size=32, channels=3).train
    assert train is not None
    for index, image in enumerate(train.load(range(48))):
        path = root / f"person {index // 4}" / f"{index % 4}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A run as a user makes it, on the real command line."""
    home = tmp_path_factory.mktemp("recorded")
    make_checkout(home / "checkout")
    make_images(home / "images")
    overrides = [*TINY, f"data.root='{home / 'images'}'", f"runs_dir='{home / 'runs'}'"]
    done = subprocess.run(
        [sys.executable, home / "checkout" / "train.py", *overrides],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(home / "checkout" / "src")},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Case(home / done.stdout.strip().splitlines()[-1], home / "checkout", home / "images")


class Proof(NamedTuple):
    """What is said of an untouched run, and the folder of the run that was run again for it."""

    verdict: Verdict
    again: Path


@pytest.fixture(scope="module")
def proved(recorded: Case, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    kept = tmp_path_factory.mktemp("again")
    first_unequal = verdict.first_unequal

    def keeping(then: Path, now: Path) -> Any:
        shutil.copytree(now, kept, dirs_exist_ok=True)
        return first_unequal(then, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict, "first_unequal", keeping)
        return Proof(reproduced(recorded), kept)


def reproduced(case: Case) -> Verdict:
    with pytest.MonkeyPatch.context() as patch:
        for module in (foreign, refusal, worktree):
            patch.setattr(module, "ROOT", case.checkout)
        patch.setenv("OMP_NUM_THREADS", "2")  # the recorded number counts
        return reproduce(case.run, [str(case.run)])


@pytest.fixture
def case(recorded: Case, tmp_path: Path) -> Iterator[Case]:
    """The recorded run to be changed; its images and its checkout are put back afterwards."""
    shutil.copytree(recorded.run, tmp_path / "run")
    shutil.copytree(recorded.images, tmp_path / "images")
    mine = (recorded.checkout / MINE).read_bytes()
    yield recorded._replace(run=tmp_path / "run")
    shutil.rmtree(recorded.images)
    shutil.copytree(tmp_path / "images", recorded.images)
    (recorded.checkout / MINE).write_bytes(mine)


def edit(run: Path, change: Callable[[dict[str, Any]], Any], *, seal: bool = True) -> None:
    """Change the record, as somebody would who knows of its seal, or does not."""
    record = read_record(run)
    change(record)
    if seal:
        write_record(run, {**record, "files": hashes_of_files(run)})
    else:
        (run / "run.json").write_text(json.dumps(record))


def test_an_untouched_run_is_proved_equal(recorded: Case, proved: Proof) -> None:
    assert proved.verdict == (
        Outcome.EQUAL,
        f"{recorded.run} is reproduced to the bit: 36 logged numbers, 3 checkpoints (weights, optimizer, scheduler and "
        "precision) and all results are equal, and so is each byte of metrics.csv, operating_point.json, "
        "results.json, roc.csv and 6 figures; report.html, which is written from these, and log.txt were not compared.",
    )
    assert read_record(proved.again)["source"] == read_record(recorded.run)["source"]
    left = subprocess.run(["git", "worktree", "list"], cwd=recorded.checkout, capture_output=True, check=True)
    assert left.stdout.count(b"\n") == 1


# What can be seen before anything runs again. Each drift changes a case; the words are what is said of it.


def margin_in_config_yaml(case: Case) -> None:
    replace(case.run / "config.yaml", "margin: 0.4", "margin: 0.5")


def set_margin(record: dict[str, Any]) -> None:
    record["config"]["loss"]["margin"] = 0.5


def margin_everywhere(case: Case) -> None:
    def change(record: dict[str, Any]) -> None:
        set_margin(record)
        record["key"] = key_of(record["config"])

    margin_in_config_yaml(case)
    edit(case.run, change)


def line_of_the_diff(case: Case) -> None:
    replace(case.run / "source.diff", "Softplus(1.3)", "Softplus(1.4)")


def line_of_the_diff_and_its_hash(case: Case) -> None:
    line_of_the_diff(case)
    digest = sha256((case.run / "source.diff").read_bytes()).hexdigest()
    edit(case.run, lambda record: record["source"].update(diff=digest))


def no_diff(case: Case) -> None:
    (case.run / "source.diff").unlink()
    edit(case.run, lambda record: record["source"].update(diff=None))


def commit_before(case: Case) -> None:
    said = subprocess.run(["git", "rev-parse", "HEAD~1"], cwd=case.checkout, capture_output=True, text=True)
    edit(case.run, lambda record: record["source"].update(commit=said.stdout.strip()))


def flipped_pixel(case: Case) -> None:
    path = case.images / "person 3" / "2.png"
    content, status = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def swapped_files(case: Case) -> None:
    first, second = case.images / "person 3" / "2.png", case.images / "person 4" / "1.png"
    first.rename(case.images / "aside")
    second.rename(first)
    (case.images / "aside").rename(second)


def last_digit_of_a_metric(case: Case) -> None:
    path = case.run / "metrics.csv"
    lines = path.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if line.startswith("4,train/loss"))
    digit = lines[place][-2]
    lines[place] = lines[place][:-2] + ("1" if digit != "1" else "2") + "\n"
    path.write_text("".join(lines))


def weights_in_a_checkpoint(case: Case) -> None:
    """One weight, and the checksum of the file with it."""
    path = case.run / "checkpoints" / "step-00000006.ckpt"
    content = torch.load(path, weights_only=True)
    next(iter(content["weights"].values())).view(-1)[0] += 1e-6
    torch.save(content, path)
    noted = json.loads(path.with_suffix(".json").read_text())
    noted["sha256"] = sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(noted | {"weights": hash_of(content["weights"])}))


def first_result(results: dict[str, Any]) -> None:
    results["trained"]["verification/auc"]["value"] += 2**-40


def result_in_results_json(case: Case) -> None:
    results = json.loads((case.run / "results.json").read_text())
    first_result(results)
    (case.run / "results.json").write_text(json.dumps(results))


SEEN = {
    "a value in config.yaml": (margin_in_config_yaml, r"loss.margin is 0.4 in run.json and 0.5 in config.yaml"),
    "a value in run.json": (lambda case: edit(case.run, set_margin, seal=False), "as its seal tells"),
    "a value in a resealed run.json": (
        lambda case: edit(case.run, set_margin),
        r"loss.margin is 0.5 in run.json and 0.4 in config.yaml",
    ),
    "a value in both": (
        lambda case: (margin_in_config_yaml(case), edit(case.run, set_margin)),
        "is not that of its key",
    ),
    "a package in run.json": (
        lambda case: edit(case.run, lambda record: record["environment"]["packages"].update(numpy="1"), seal=False),
        "as its seal tells",
    ),
    "the seed in run.json": (
        lambda case: edit(case.run, lambda record: record.update(seed=1)),
        "seed and name in run.json",
    ),
    "a line of the diff": (line_of_the_diff, r"source.diff is not the recorded one"),
    "a line of the diff, with its hash": (line_of_the_diff_and_its_hash, "do not restore the source"),
    "no diff": (no_diff, "do not restore the source"),
    "the commit before": (commit_before, "do not restore the source|git can't restore the source"),
    "a commit that is gone": (
        lambda case: edit(case.run, lambda record: record["source"].update(commit="0" * 40)),
        "The commit 000000000000 of .* is not in .*; fetch it first",
    ),
    "an untracked source changed": (
        lambda case: replace(case.checkout / MINE, "0.4", "0.3"),
        f"{MINE}, which the run used and git does not know, has changed since",
    ),
    "an untracked source removed": (lambda case: (case.checkout / MINE).unlink(), f"{MINE}, .* is gone since"),
    "a flipped pixel": (flipped_pixel, r"person 3/2.png was changed since"),
    "a file renamed": (
        lambda case: (case.images / "person 3" / "2.png").rename(case.images / "person 3" / "9.png"),
        r"person 3/2.png is gone since",
    ),
    "a file removed": (lambda case: (case.images / "person 5" / "0.png").unlink(), r"person 5/0.png is gone since"),
    "two files swapped": (swapped_files, r"person 3/2.png was changed since"),
    "a file dropped from the listing": (
        lambda case: replace(case.run / "data.csv", "person 3", "person 4"),
        r"data.csv is not the recorded one",
    ),
    "a digit in metrics.csv": (last_digit_of_a_metric, r"metrics.csv is not the recorded one"),
    "a threshold": (
        lambda case: replace(case.run / "operating_point.json", '"far": 0.01', '"far": 0.02'),
        r"operating_point.json is not the recorded one",
    ),
    "a hash of the weights": (
        lambda case: replace(case.run / "checkpoints" / "hashes.csv", "2,", "2,0"),
        r"hashes.csv is not what run.json says",
    ),
    "a weight in a checkpoint": (weights_in_a_checkpoint, r"step-00000006.ckpt is not the recorded one"),
    "roc.csv": (
        lambda case: replace(case.run / "roc.csv", "raw pixels,1.0,1.0", "raw pixels,1.0,0.9"),
        "roc.csv is not the recorded one",
    ),
    "a figure": (
        lambda case: shutil.copy(case.run / "figures" / "roc.png", case.run / "figures" / "distances.png"),
        "figures/distances.png is not the recorded one",
    ),
    "no figure": (lambda case: (case.run / "figures" / "roc.png").unlink(), "figures/roc.png is missing"),
    "the report": (
        lambda case: replace(case.run / "report.html", "</body>", "99.9%</body>"),
        "report.html is not the recorded one",
    ),
    "results.json": (result_in_results_json, r"trained.verification/auc.value is \d.* in run.json and"),
}  # fmt: skip


@pytest.mark.parametrize(("drift", "said"), SEEN.values(), ids=SEEN.keys())
def test_a_drift_is_seen_before_anything_runs(
    drift: Callable[[Case], Any], said: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "started_again", lambda *_: pytest.fail("it runs again"))
    drift(case)
    with pytest.raises(LikenessError, match=said):
        reproduced(case)


# What only the second run tells. A second run of the untouched one stands in for it, as the drift is in the record.


class Finished:
    """A run that was run again and has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def looks(self) -> Iterator[Path]:
        yield self.folder


@pytest.fixture
def already_run_again(proved: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def finished(*_: Any) -> Iterator[Finished]:
        yield Finished(proved.again)

    monkeypatch.setattr(verdict, "started_again", finished)


def digit_and_its_hash(case: Case) -> None:
    last_digit_of_a_metric(case)
    digest = sha256((case.run / "metrics.csv").read_bytes()).hexdigest()
    edit(case.run, lambda record: record.update(metrics_sha256=digest))


def dropped_metric(case: Case) -> None:
    path = case.run / "metrics.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    digest = sha256(path.read_bytes()).hexdigest()
    edit(case.run, lambda record: record.update(metrics_sha256=digest))


def hash_everywhere(case: Case, part: str) -> None:
    """Of the first checkpoint, which is no longer kept."""
    was = read_record(case.run)["checkpoints"][0][part]
    replace(case.run / "checkpoints" / "hashes.csv", was, "0" * 64)
    edit(case.run, lambda record: record["checkpoints"][0].update({part: "0" * 64}))


def result_everywhere(case: Case) -> None:
    result_in_results_json(case)
    edit(case.run, lambda record: first_result(record["results"]))


def roc_sealed_again(case: Case) -> None:
    path = case.run / "roc.csv"
    path.write_text(path.read_text().replace("1.0", "0.9", 1))
    edit(case.run, lambda record: None)


def figure_sealed_again(case: Case) -> None:
    (case.run / "figures" / "roc.png").unlink()
    edit(case.run, lambda record: None)


UNEQUAL = {
    "a digit in metrics.csv, with its hash": (digit_and_its_hash, r"train/loss at step 4 was 0.\d+ and is 0.\d+\."),
    "a metric fewer": (dropped_metric, r"validation/\S+ at step 6 was not logged and is logged as .*"),
    "a hash of the weights everywhere": (
        lambda case: hash_everywhere(case, "weights"),
        r"the hash of the weights at step 2 was 0{16} and is [0-9a-f]{16}\.",
    ),
    "a hash of the optimizer everywhere": (
        lambda case: hash_everywhere(case, "optimizer"),
        r"the hash of the optimizer at step 2 was 0{16} and is [0-9a-f]{16}\.",
    ),
    "a hash of the scheduler everywhere": (
        lambda case: hash_everywhere(case, "scheduler"),
        r"the hash of the scheduler at step 2 was 0{16} and is [0-9a-f]{16}\.",
    ),
    "a point of the ROC, sealed again": (
        roc_sealed_again,
        r"the hash of roc.csv was [0-9a-f]{16} and is [0-9a-f]{16}\.",
    ),
    "a figure fewer, sealed again": (
        figure_sealed_again,
        r"the hash of figures/roc.png was missing and is [0-9a-f]{16}\.",
    ),
    "a result everywhere": (result_everywhere, r"trained.verification/auc.value was 0\.\d+ and is 0\.\d+\."),
}  # fmt: skip


@pytest.mark.usefixtures("already_run_again")
@pytest.mark.parametrize(("drift", "said"), UNEQUAL.values(), ids=UNEQUAL.keys())
def test_a_drift_of_the_numbers_is_named_with_step_and_field(
    drift: Callable[[Case], Any], said: str, case: Case
) -> None:
    drift(case)
    outcome, sentence = reproduced(case)
    assert outcome is Outcome.UNEQUAL
    assert re.fullmatch(rf"{case.run} is not reproduced: {said}", sentence), sentence


@pytest.mark.usefixtures("already_run_again")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("torch", "2.14.0", "torch 2.14.0 then, "),
        ("python", "3.10.1", "python 3.10.1 then, "),
        ("platform", "Linux x86_64, glibc 2.17", "platform Linux x86_64, glibc 2.17 then, "),
        ("cpu", "another", "cpu another then, "),
        ("gpu", "NVIDIA H200", "gpu NVIDIA H200 then, None now"),
        ("cuda", "1.0", "cuda 1.0 then, "),
        ("threads", 16, "threads 16 then, 1 now"),
        ("lock_sha256", "0", "lock_sha256 0 then, "),
    ],
)
def test_in_another_environment_there_is_no_verdict_but_the_largest_difference(
    field: str, value: Any, said: str, case: Case
) -> None:
    edit(case.run, lambda record: record["environment"].update({field: value}))
    outcome, sentence = reproduced(case)
    assert outcome is Outcome.UNDECIDED
    assert sentence.startswith(f"{case.run} can't be told equal or not: {said}")
    assert "The largest difference among " in sentence
    assert " numbers is 0 (" in sentence


@pytest.mark.usefixtures("already_run_again")
@pytest.mark.parametrize(
    ("node", "key", "value"),
    [
        ("packages", "numpy", "1.0"),
        ("packages", "only-then", "1.0"),
        ("determinism", "deterministic_algorithms", False),
        ("determinism", "cudnn_benchmark", True),
        ("determinism", "MKL_CBWR", "AVX2"),
    ],
)
def test_a_changed_package_or_flag_leaves_no_verdict(node: str, key: str, value: Any, case: Case) -> None:
    edit(case.run, lambda record: record["environment"][node].update({key: value}))
    outcome, sentence = reproduced(case)
    assert outcome is Outcome.UNDECIDED
    assert f"{key} {value} then, " in sentence


@pytest.mark.usefixtures("already_run_again")
def test_the_largest_difference_is_that_of_the_numbers(case: Case) -> None:
    path = case.run / "metrics.csv"
    row = next(line for line in path.read_text().splitlines() if line.startswith("5,train/loss"))
    loss = float(row.rpartition(",")[2])
    replace(path, row, f"5,train/loss,{loss + 0.25!r}")
    digest = sha256(path.read_bytes()).hexdigest()
    edit(case.run, lambda record: record["environment"].update(torch="2.14.0"))
    edit(case.run, lambda record: record.update(metrics_sha256=digest))
    _, sentence = reproduced(case)
    assert sentence.endswith("numbers is 0.25 (train/loss at step 5).")


# What the second run tells soon after it has begun.


def file_added(case: Case) -> None:
    shutil.copy(case.images / "person 3" / "2.png", case.images / "person 3" / "9.png")


def override_changed(case: Case) -> None:
    edit(case.run, lambda record: record["overrides"].append("seed=1"))


def forged_diff(case: Case) -> None:
    """Another line of code, and every hash that knows of it made anew."""
    line_of_the_diff_and_its_hash(case)
    record = read_record(case.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worktree, "ROOT", case.checkout)
        patch.setattr(worktree, "hash_of_sources", lambda tree: record["source"]["sha256"])
        with worktree.restored_worktree(case.run, record["source"]) as tree:
            digest = hash_of_sources(tree)
    edit(case.run, lambda record: record["source"].update(sha256=digest))


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        pytest.param(file_added, r"person 3/9.png was added since", id="a file added"),
        pytest.param(
            override_changed,
            r"compose seed=1, but seed=0 is recorded",
            id="an override",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            margin_everywhere,
            r"compose loss.margin=0.4, but loss.margin=0.5 is recorded",
            id="a value everywhere",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_drift_is_seen_when_it_runs_again(drift: Callable[[Case], Any], said: str, case: Case) -> None:
    drift(case)
    with pytest.raises(LikenessError, match=said):
        reproduced(case)


@pytest.mark.slow
def test_a_forged_line_of_code_is_seen_by_the_first_number(case: Case) -> None:
    forged_diff(case)
    outcome, sentence = reproduced(case)
    assert outcome is Outcome.UNEQUAL
    assert re.search(r"is not reproduced: train/\w+ at step 1 was \S+ and is \S+\.$", sentence), sentence


# What can't be compared or run again at all.


def test_a_run_that_was_resumed_after_a_change_is_undecided(case: Case) -> None:
    session = {
        "started": "2026-11-27T12:00:00+00:00",
        "step": 2,
        "changed": ["torch: 2.15.0 then, 2.14.0 now"],
    }
    edit(case.run, lambda record: record["sessions"].append(session))
    outcome, sentence = reproduced(case)
    assert outcome is Outcome.UNDECIDED
    assert "it was resumed after a change (torch: 2.15.0 then, 2.14.0 now)" in sentence


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("status", "running", "did not finish .*; `likeness resume"),
        ("status", "pruned", "was pruned by its sweep"),
        ("source", None, "outside a git checkout"),
        ("overrides", None, "was not started from train.py's command line"),
        ("format", 0, "recorded by another version"),
        ("folder", None, r"run\.json is not what it was written as \(folder: "),
        ("environment", {}, r"run\.json is not what it was written as \(environment\.threads: "),
    ],
)
def test_what_cannot_be_run_again_is_refused(key: str, value: Any, said: str, case: Case) -> None:
    edit(case.run, lambda record: record.update({key: value}))
    with pytest.raises(LikenessError, match=said):
        reproduced(case)


def test_the_command_says_one_sentence(command, tmp_path: Path) -> None:
    done = command("-m", "likeness.cli", "reproduce", "nothing")
    assert done.returncode == 1
    assert done.stderr == "likeness: nothing has no record of a run that can be read (run.json).\n"
