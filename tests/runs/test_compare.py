"""`likeness compare`: every difference is found, and none where there is none."""

import math
import shutil
import struct
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from past_samples import METRIC, sample_record, write_sample
from PIL import Image

from likeness.errors import LikenessError
from likeness.runs.compare.curves import compare_curves, read_curves
from likeness.runs.compare.printed import compare_runs
from likeness.runs.compare.source import compare_source
from likeness.runs.compare.values import differing
from likeness.runs.record.past import MISSING, past_run

LOSS = (0.5, 0.25, 0.125, 0.1)


def next_up(value: float) -> float:
    """The next larger double, by its bits."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return float(struct.unpack("<d", struct.pack("<q", bits + 1))[0])


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_one_bit_of_one_step_is_found(tmp_path: Path, step: int) -> None:
    other = [*LOSS]
    other[step - 1] = next_up(other[step - 1])
    a, b = (read_curves(write_sample(tmp_path, sample_record(), loss=loss)) for loss in (LOSS, tuple(other)))
    (one,) = compare_curves(a, b)
    assert (one.metric, one.step, one.values) == ("train/loss", step, (LOSS[step - 1], other[step - 1]))
    (same,) = compare_curves(a, a)
    assert (same.step, same.counts) == (None, (4, 4))


def test_zeros_of_either_sign_differ_and_nan_is_nan() -> None:
    nan = {"loss": {1: math.nan}}
    assert compare_curves(nan, {"loss": {1: -math.nan}})[0].step is None
    assert compare_curves({"loss": {1: 0.0}}, {"loss": {1: -0.0}})[0].step == 1


def test_a_step_or_a_metric_of_one_run_only_is_a_difference() -> None:
    short, long = {"loss": {1: 0.5, 2: 0.4}}, {"loss": {1: 0.5, 2: 0.4, 3: 0.3}, "active": {2: 1.0}}
    active, loss = compare_curves(short, long)
    assert (active.step, active.values, active.counts) == (2, (None, 1.0), (0, 1))
    assert (loss.step, loss.values, loss.counts) == (3, (None, 0.3), (2, 3))


def test_values_differ_in_type_and_in_being_there() -> None:
    rows = differing(
        [{"a": 1, "b": {"c": None, "d": 2}}, {"a": 1.0, "b": {"d": 2}}, {"a": 1, "b": {"c": None, "d": 2}}]
    )
    assert [(row.key, row.values) for row in rows] == [("a", [1, 1.0, 1]), ("b.c", [None, MISSING, None])]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two commits of a checkout, the second with two lines more in src/code.py."""
    root = tmp_path / "checkout"
    (root / "src").mkdir(parents=True)

    def git(*overrides: str) -> str:
        identity = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
        return subprocess.run(
            ["git", *identity, *overrides], cwd=root, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    commits = []
    for text in ("one\n", "one\ntwo\nthree\n"):
        (root / "src" / "code.py").write_text(text)
        git("add", "src")
        git("commit", "-q", "-m", "code")
        commits.append(git("rev-parse", "HEAD"))
    monkeypatch.setattr("likeness.runs.compare.source.ROOT", root)
    return commits[0], commits[1]


def with_source(tmp_path: Path, commit: str, diff: str | None, untracked: dict[str, str]) -> Path:
    source = {"commit": commit, "diff": diff, "untracked": untracked, "sha256": "5" * 64}
    return write_sample(tmp_path / "runs", {**sample_record(), "source": source})


def test_commits_changes_and_untracked_files_are_told(tmp_path: Path, checkout: tuple[str, str]) -> None:
    first = with_source(tmp_path, checkout[0], None, {"src/new.py": "1", "src/same.py": "3"})
    diff = b"diff --git a/src/code.py b/src/code.py\n--- a/src/code.py\n"
    second = with_source(
        tmp_path, checkout[1], sha256(diff).hexdigest(), {"src/new.py": "2", "src/same.py": "3"}
    )
    (second / "source.diff").write_bytes(diff)
    text = "\n".join(compare_source(past_run(first), past_run(second)))
    assert "src/code.py | 2 ++" in text
    assert f"{first.name}: changed since its commit: nothing" in text
    assert f"{second.name}: changed since its commit: src/code.py" in text
    assert "src/new.py, which git does not know, is another" in text
    assert "same.py" not in text
    assert list(compare_source(past_run(first), past_run(first))) == []


def test_a_commit_that_is_not_here_is_said(tmp_path: Path, checkout: tuple[str, str]) -> None:
    folders = [with_source(tmp_path, commit, None, {}) for commit in (checkout[0], "0" * 40)]
    lines = list(compare_source(*map(past_run, folders)))
    assert lines[1] == "This checkout does not know both commits."


def test_copies_without_a_commit_are_told_apart_by_their_files(tmp_path: Path) -> None:
    def of(commit: str | None, sha256: str, version: str) -> Path:
        source = {"commit": commit, "diff": None, "untracked": {}, "sha256": sha256, "version": version}
        return write_sample(tmp_path / "runs", {**sample_record(), "source": source})

    old, new, cloned = (
        of(None, "1" * 64, "0.1.0"),
        of(None, "2" * 64, "0.2.0"),
        of("c" * 40, "3" * 64, "0.2.0"),
    )
    first, second = (f"a copy without a commit, version {version}" for version in ("0.1.0", "0.2.0"))
    assert list(compare_source(past_run(old), past_run(new))) == [f"{first} and {second}, whose files differ"]
    assert list(compare_source(past_run(old), past_run(cloned))) == [
        f"{first} and commit cccccccccccc: whether their files differ is not known"
    ]
    assert list(compare_source(past_run(new), past_run(new))) == []


def test_the_command_prints_each_difference_and_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_sample(tmp_path, sample_record(0, 0.2, accuracy=0.90), loss=LOSS)
    record = sample_record(0, 0.3, accuracy=0.95)
    record["environment"]["packages"]["package-7"] = "8.0"
    record["data"]["train"]["sha256"] = "b" * 64
    second = write_sample(tmp_path, record, loss=(*LOSS[:2], 0.2, 0.1))
    compare_runs([first, second], tmp_path / "curves.png")
    printed = capsys.readouterr().out
    rows = {cells[0]: cells[1:] for line in printed.splitlines() if (cells := line.split())}
    assert rows["loss.margin"] == ["0.2", "0.3"]
    assert rows["packages.package-7"] == ["7.0.7", "8.0"]
    assert rows["train.sha256"] == ["a" * 64, "b" * 64]
    assert rows[METRIC] == ["0.9", "[0.85,", "0.95]", "0.95", "[0.9,", "1]", "+0.05"]
    assert rows["train/loss"] == ["3", "0.125", "0.2"]
    assert "Source of A and B: the same" in printed
    assert printed.endswith(f"{tmp_path / 'curves.png'}\n")
    with Image.open(tmp_path / "curves.png") as drawn:
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(2**24)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours  # a line for each


def test_a_copy_of_a_run_is_the_same_in_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_sample(tmp_path, sample_record(), loss=LOSS)
    second = Path(shutil.copytree(first, tmp_path / "sample" / "copy"))
    compare_runs([first, second], tmp_path / "curves.png")
    printed = capsys.readouterr().out
    for title in ("Configuration", "Data", "Environment", "Source of A and B", "Weights (SHA-256)"):
        assert f"{title}: the same" in printed
    assert "nowhere, they are bit-identical" in printed


def test_what_is_no_run_one_run_alone_and_another_format_are_said(tmp_path: Path) -> None:
    first = write_sample(tmp_path, sample_record(), loss=LOSS)
    with pytest.raises(LikenessError, match="nothing is not a run's folder"):
        compare_runs([first, Path("nothing")], tmp_path / "a.png")
    with pytest.raises(LikenessError, match="takes 2 to 26 runs, but 1"):
        compare_runs([first], tmp_path / "a.png")
    with pytest.raises(LikenessError, match="choose another with --output"):
        compare_runs([first, first], tmp_path / "a.nonsense")
