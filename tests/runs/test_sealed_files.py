"""Whatever a command reads of a finished run is compared with the run's record, file by file.

Which files a command reads is not written down here: Python tells of each that is opened. One that a command begins to
read without looking at its hash fails these tests.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tiny import TINY, train_by

import likeness
from likeness.applications.gallery.bound_encoder import encoder_at
from likeness.errors import LikenessError
from likeness.recipes.choose import presentation_of, recipe_of, training_config
from likeness.recipes.embedding.evaluate import evaluate_run
from likeness.recipes.embedding.past import embedding_config_of
from likeness.runs.compare.listing import list_runs
from likeness.runs.compare.printed import compare_runs
from likeness.runs.evidence.write import write_evidence
from likeness.runs.record import recording
from likeness.runs.record.past import past_run
from likeness.runs.record.record_file import read_record, write_record
from likeness.runs.record.source import Source
from likeness.runs.report.write import write_report
from likeness.runs.reproduce.refusal import refuse_altered
from likeness.runs.sweep import results
from likeness.runs.sweep.plan import Job
from likeness.runs.sweep.pruning import EarlierTrials
from likeness.runs.trackers import dashboard
from likeness.runs.training.checkpoints import checkpoint_of, newest_checkpoint

pytestmark = pytest.mark.usefixtures("without_drawing")
OVERRIDES = [
    *TINY,
    "trainer.max_steps=4",
    "trainer.val_check_interval=2",
    "checkpoints.every=2",
    "name=sealed",
]
DECIDE_NOTHING = {"run.lock", "log.txt"}

Reads = Callable[[Path, Path], Any]
"""What a command does with a run, and a folder to write to."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, from a source with a change since its commit."""
    whole = recording.capture_source

    def changed(**packages: Any) -> Source:
        return whole(**packages)._replace(diff=b"diff --git a/src/a.py b/src/a.py\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "capture_source", changed)
        return train_by([*OVERRIDES, f"runs_dir={tmp_path_factory.mktemp('sealed')}"])


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it to be altered."""
    return copied(finished, tmp_path / "runs" / "sealed" / finished.name)


def copied(run: Path, to: Path) -> Path:
    shutil.copytree(run, to)
    return to


def loaded(run: Path, beside: Path) -> None:
    assert likeness.load(run).operating_point is not None


def evaluated(run: Path, beside: Path) -> None:
    evaluate_run(run, [f"runs_dir={beside}", "evaluation.resamples=20"])


def put_into_a_gallery(run: Path, beside: Path) -> None:
    encoder_at(run)


def begun_with(run: Path, beside: Path) -> None:
    task = ["task=similarity", "loss=cross_entropy", "head=absolute_difference", f"task.encoder='{run}'"]
    config = training_config([*TINY, *task, "data.seed=7"])
    assert recipe_of(config).fingerprints["encoder"]
    recipe_of(config).refuse()


def reported(run: Path, beside: Path) -> None:
    write_report(run, presentation_of(run))


def compared(run: Path, beside: Path) -> None:
    compare_runs([run, run], beside / "compare.png")


def made_evidence(run: Path, beside: Path) -> None:
    experiment = training_config(OVERRIDES)
    write_evidence(experiment, [run], presentation_of(run), beside / "experiments")


def counted_in_a_sweep(run: Path, beside: Path) -> None:
    config = training_config(OVERRIDES)
    job, left_out = Job(0, 0, {}, [], config, ""), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results.log, "warning", lambda said, *values: left_out.append(said % values))
        result = results.result_of([past_run(run)], job, config.search, EarlierTrials(config.search))
    if result is None:  # it is trained again
        raise LikenessError(*left_out)
    assert result.objectives
    assert results.measured_in(run, "verification/accuracy") is not None  # of the winner


def listed(run: Path, beside: Path) -> None:
    (row,) = list_runs(run.parents[1], [], sort="-started", limit=None)
    if row["status"] != "finished":
        raise LikenessError(f"run.json is {row['status']}")


def imported_into_the_dashboard(run: Path, beside: Path) -> None:
    told, left_out = list[str](), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashboard, "_import", lambda run, status: told.append(run.name))
        patch.setattr(dashboard, "_say_left_out", lambda folder, reason: left_out.append(reason))
        patch.setattr(dashboard, "STORE", "store")
        (run.parents[1] / "store").mkdir(exist_ok=True)
        dashboard.import_runs(run.parents[1])
    if not told:
        raise LikenessError(*left_out or ["There is no finished run: no run.json"])


def reproduced(run: Path, beside: Path) -> None:
    refuse_altered(run, read_record(run))


COMMANDS: dict[str, Reads] = {
    one.__name__: one
    for one in (
        loaded,
        evaluated,
        put_into_a_gallery,
        begun_with,
        reported,
        compared,
        made_evidence,
        counted_in_a_sweep,
        listed,
        imported_into_the_dashboard,
        reproduced,
    )
}


class Watch:
    """The files that this process opens to read, while it is asked."""

    def __init__(self) -> None:
        self.opened: set[str] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.opened is None or event != "open" or not isinstance(arguments[0], str):
            return
        if str(arguments[1] or "r").startswith("r"):
            self.opened.add(os.path.realpath(arguments[0]))

    def during(self, action: Callable[[], Any], below: Path) -> set[str]:
        """The names of those below a folder that an action opens."""
        self.opened = set()
        try:
            action()
        finally:
            opened, self.opened = self.opened, None
        root = below.resolve()
        found = {
            Path(path).relative_to(root).as_posix() for path in opened if Path(path).is_relative_to(root)
        }
        return found & names_in(below)


def names_in(run: Path) -> set[str]:
    return {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def read_by(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By command the files of the run that it reads."""
    watch, found = Watch(), dict[str, set[str]]()
    for name, command in COMMANDS.items():
        home = tmp_path_factory.mktemp(name)
        run = copied(finished, home / "runs" / "sealed" / finished.name)
        found[name] = watch.during(partial(command, run, home), run)
    return found


def alter(path: Path) -> None:
    """Change a file, as somebody would who wants it to be believed."""
    match path.suffix:
        case ".ckpt":
            content = torch.load(path, weights_only=True)
            next(iter(content["weights"].values())).view(-1)[0] += 1e-6
            torch.save(content, path)
            beside = path.with_suffix(".json")
            noted = json.loads(beside.read_text()) | {"sha256": sha256(path.read_bytes()).hexdigest()}
            beside.write_text(json.dumps(noted))
        case ".png":
            with Image.open(path) as image:
                image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
        case ".yaml":
            text = path.read_text()
            assert "flip: false" in text or "flip: true" in text
            path.write_text(
                re.sub("flip: (false|true)", lambda m: f"flip: {str(m[1] == 'false').lower()}", text)
            )
        case ".json" if path.name == "run.json":
            path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "another", "ended": "never"}))
        case _:
            text = path.read_text()
            place = max(place for place, letter in enumerate(text) if letter.isalnum())
            path.write_text(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :])


def make_a_pipe(path: Path) -> None:
    """Whoever opens it to read waits for somebody who writes."""
    path.unlink()
    os.mkfifo(path)


ALTERATIONS: dict[str, Callable[[Path], None]] = {
    "altered": alter,
    "removed": Path.unlink,
    "a pipe": make_a_pipe,
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_reads_is_refused_by_name_where_it_was_altered(
    command: str, alteration: str, finished: Path, read_by: dict[str, set[str]], tmp_path: Path
) -> None:
    names = (
        read_by[command] - DECIDE_NOTHING - ({"report.html"} if command == "reported" else set())
    )  # just written
    assert "run.json" in names
    for number, name in enumerate(sorted(names)):
        home = tmp_path / str(number)
        run = copied(finished, home / "runs" / "sealed" / finished.name)
        ALTERATIONS[alteration](run / name)
        with pytest.raises(LikenessError) as refused:
            COMMANDS[command](run, home)
        said = str(refused.value)
        named = (Path(name).stem, "is no run's folder", "no finished run")
        assert any(words.lower() in said.lower() for words in named), (name, said)
        assert len(said.splitlines()) == 1


def test_each_file_of_a_run_is_read_by_a_command_that_looks_at_it(
    read_by: dict[str, set[str]], finished: Path
) -> None:
    """Without this, a command that reads nothing would pass."""
    encoder = {"config.yaml", "run.json", "checkpoints/step-00000004.ckpt"}
    assert read_by["put_into_a_gallery"] >= encoder
    assert read_by["evaluated"] >= encoder | {"operating_point.json"}
    assert read_by["loaded"] == read_by["evaluated"]
    assert read_by["begun_with"] >= encoder
    assert read_by["reported"] >= {"run.json", "source.diff", "figures/roc.png", "figures/distances.png"}
    assert read_by["compared"] >= {"run.json", "metrics.csv", "data.csv"}
    assert read_by["made_evidence"] >= {"run.json", "metrics.csv", "roc.csv", "figures/distances.png"}
    assert read_by["counted_in_a_sweep"] == {"run.json", "metrics.csv", "results.json"}
    assert names_in(finished) - read_by["reproduced"] == DECIDE_NOTHING


@pytest.mark.parametrize("planted", ["figures/another.png", "judge.json", "checkpoints/step-00000009.ckpt"])
def test_what_was_added_later_is_no_part_of_a_run(run: Path, planted: str) -> None:
    like = {"judge.json": "operating_point.json", "figures/another.png": "figures/roc.png"}
    shutil.copy(run / like.get(planted, "checkpoints/step-00000004.ckpt"), run / planted)
    with pytest.raises(LikenessError, match=f"{planted} (was added|is not the recorded one)"):
        refuse_altered(run, read_record(run))
    if planted.endswith(".ckpt"):
        assert checkpoint_of(run).step == 4
        with pytest.raises(LikenessError, match="cut short or altered"):
            checkpoint_of(run, 9)
    else:
        with pytest.raises(LikenessError, match=f"{planted} was added later"):
            (reported if planted.endswith(".png") else loaded)(run, run.parent)


@pytest.mark.parametrize("state", ["scheduler", "precision", "optimizer"])
def test_each_state_of_a_checkpoint_counts(run: Path, state: str) -> None:
    """In a record that was sealed again, or of a run that was killed, the hashes of the states tell."""
    path = run / "checkpoints" / "step-00000004.ckpt"
    content = torch.load(path, weights_only=True)
    content[state]["added"] = 1.0
    torch.save(content, path)
    noted = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(
        json.dumps(noted | {"sha256": sha256(path.read_bytes()).hexdigest()})
    )
    record = read_record(run)
    for name in ("checkpoints/step-00000004.ckpt", "checkpoints/step-00000004.json"):
        record["files"][name] = sha256((run / name).read_bytes()).hexdigest()
    write_record(run, record)
    with pytest.raises(LikenessError, match=f"step-00000004.ckpt holds another {state} than recorded"):
        refuse_altered(run, read_record(run))
    write_record(run, {**record, "status": "running"})
    found = newest_checkpoint(run)
    assert found is not None
    assert found.step == 2


def test_an_older_checkpoint_is_taken_on_purpose_and_has_no_threshold(run: Path) -> None:
    damaged = run / "checkpoints" / "step-00000004.ckpt"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(LikenessError, match=r"step-00000004.ckpt is cut short or altered: .* --checkpoint=2"):
        likeness.load(run)
    older = likeness.load(run, checkpoint=2)
    assert older.operating_point is None
    assert older.weights != checkpoint_of(run, 2).optimizer
    with pytest.raises(LikenessError, match="checkpoint of step 3, is missing: it has those of step 2 and 4"):
        likeness.load(run, checkpoint=3)


def test_the_last_checkpoint_by_its_step_has_the_threshold(run: Path) -> None:
    assert likeness.load(run, checkpoint=4).operating_point == likeness.load(run).operating_point


def test_a_note_in_a_configuration_changes_nothing(run: Path) -> None:
    with (run / "config.yaml").open("a") as file:
        file.write("# mine\n")
    assert embedding_config_of(run) is not None


def test_a_report_that_is_written_again_is_part_of_the_run(run: Path) -> None:
    reported(run, run.parent)
    refuse_altered(run, read_record(run))


def test_a_record_of_an_earlier_version_is_read_and_what_can_not_be_checked_is_said(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record = read_record(run)
    del record["files"]
    for each in record["checkpoints"]:
        del each["scheduler"], each["precision"]
    write_record(run, record)
    made_evidence(run, run.parent)
    assert [line for line in caplog.messages if "roc.csv can't be checked" in line]
    assert not [line for line in caplog.messages if "metrics.csv can't" in line]  # its hash was always kept
    loaded(run, run.parent)
    for name in ("checkpoints/step-00000004.ckpt", "operating_point.json", "config.yaml"):
        another = copied(run, run.parent / f"without {Path(name).stem}")
        alter(another / name)
        with pytest.raises(LikenessError, match=rf"{Path(name).stem}\."):
            loaded(another, run.parent)


def test_the_hash_of_a_checkpoint_costs_no_more_than_the_one_that_was_there(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are gone through once, and its states are not hashed as well."""
    from likeness.runs.record import sealed
    from likeness.runs.training import checkpoints

    times: list[str] = []
    whole = checkpoints.file_digest

    def counted(file: Any, name: str) -> Any:
        times.append(file.name)
        return whole(file, name)

    monkeypatch.setattr(checkpoints, "file_digest", counted)
    monkeypatch.setattr(sealed, "file_digest", counted)
    monkeypatch.setattr(checkpoints, "hash_of", lambda state: pytest.fail("the states are hashed"))
    checkpoint_of(run)
    assert [Path(name).name for name in times] == ["step-00000004.ckpt"]


@pytest.fixture(autouse=True)
def _each_is_said_once_a_test() -> None:
    from likeness.runs.record.sealed import _say_unchecked

    _say_unchecked.cache_clear()
