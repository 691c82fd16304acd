"""`likeness runs`: what is listed, filtered and sorted, and how long that takes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from past_samples import METRIC, sample_record, write_sample

from likeness.errors import LikenessError
from likeness.runs.compare.listing import list_runs
from likeness.runs.compare.sparkline import sparkline
from likeness.runs.record.lock import locked


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """Five runs: margins 0.1, 0.2, 0.3, "soft" and 0.4, each a little better than the one before."""
    for seed, margin in enumerate((0.1, 0.2, 0.3, "soft", 0.4)):
        write_sample(tmp_path, sample_record(seed, margin, accuracy=(80 + 2 * seed) / 100))
    return tmp_path


def seeds(runs_dir: Path, *filters: str, sort: str = "seed", limit: int | None = None) -> list[int]:
    return [row["seed"] for row in list_runs(runs_dir, filters, sort=sort, limit=limit)]


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("status=finished", [0, 1, 2, 3, 4]),
        ("status!=finished", []),
        ("seed=3", [3]),
        ("seed=3.0", [3]),
        ("seed!=3", [0, 1, 2, 4]),
        ("loss.margin>0.2", [2, 4]),
        ("loss.margin<=0.2", [0, 1]),
        ("loss.margin=soft", [3]),
        ("loss.margin!=soft", [0, 1, 2, 4]),
        ("verification/accuracy>=0.84", [2, 3, 4]),
        ("verification/tar@far=1e-1>0.75", [3, 4]),
        ("verification/tar@far=1e-6=null", [0, 1, 2, 3, 4]),
        ("verification/tar@far=1e-6>0", []),
        ("train/loss<0.27", [0, 1]),
        ("loader.workers=2", [2]),
        ("optimizer.betas=[0.9,0.999]", [0, 1, 2, 3, 4]),
        ("optimizer.fused=null", [0, 1, 2, 3, 4]),
        ("started>=2026-11-13", [3, 4]),
        ("environment.torch=2.15.0", [0, 1, 2, 3, 4]),
        ("environment.packages.package-7=7.0.7", [0, 1, 2, 3, 4]),
        ("source.commit=" + "c" * 40, [0, 1, 2, 3, 4]),
        ("cost.wall_s<60", []),
        ("data.train.pictures=100", [0, 1, 2, 3, 4]),
    ],
)
def test_a_filter_keeps_the_runs_it_says(runs_dir: Path, word: str, left: list[int]) -> None:
    assert seeds(runs_dir, word) == left


@pytest.mark.parametrize("word", ["seed>abc", "verification/accuracy<=high", "train/loss<"])
def test_numbers_are_ordered_by_numbers_alone(runs_dir: Path, word: str) -> None:
    with pytest.raises(LikenessError, match=r"passes no run: \S+ is a number, which \w+ is not\."):
        list_runs(runs_dir, [word])


def test_several_filters_all_hold(runs_dir: Path) -> None:
    assert seeds(runs_dir, "loss.margin>0.1", "verification/accuracy<0.85", "status=finished") == [1, 2]


def test_sorting_puts_numbers_before_words_and_takes_a_limit(runs_dir: Path) -> None:
    assert seeds(runs_dir, sort="-verification/accuracy") == [4, 3, 2, 1, 0]
    assert seeds(runs_dir, sort="loss.margin") == [0, 1, 2, 4, 3]
    assert seeds(runs_dir, sort="-started", limit=2) == [4, 3]


@pytest.mark.parametrize("sort", ["loss.smoothing", "-loss.smoothing"])
def test_a_run_that_lacks_the_key_is_filtered_out_and_sorted_last(runs_dir: Path, sort: str) -> None:
    record = sample_record(seed=9)
    record["config"]["loss"]["smoothing"] = 0.1
    write_sample(runs_dir, record)
    assert seeds(runs_dir, "loss.smoothing!=0.2") == [9]
    assert seeds(runs_dir, sort=sort)[0] == 9


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("loss.margn>0.2", "No run has the key loss.margn; did you mean loss.margin?"),
        ("verification/acuracy>0.2", "did you mean verification/accuracy?"),
        ("finished", "finished is not a filter; write KEY=VALUE"),
    ],
)
def test_a_mistaken_filter_is_said(runs_dir: Path, word: str, sentence: str) -> None:
    with pytest.raises(LikenessError) as caught:
        list_runs(runs_dir, [word])
    assert sentence in str(caught.value)


def test_a_mistaken_key_to_sort_by_and_a_missing_folder_are_said(runs_dir: Path) -> None:
    with pytest.raises(LikenessError, match=r"did you mean cost\.wall_s\?"):
        list_runs(runs_dir, [], sort="-cost.wal")
    with pytest.raises(LikenessError, match="There is no folder nowhere"):
        list_runs(Path("nowhere"), [])


@pytest.mark.parametrize("content", ["", '{"status": "fin', "[1]", None, "\x00\x00"])
def test_a_damaged_record_is_listed_as_such(runs_dir: Path, content: str | None) -> None:
    folder = write_sample(runs_dir, sample_record(7))
    if content is None:
        (folder / "run.json").unlink()
    else:
        (folder / "run.json").write_text(content)
    assert [row["run"] for row in list_runs(runs_dir, ["status=damaged"])] == [str(folder)]
    assert len(list_runs(runs_dir, [])) == 6


def test_a_run_that_nobody_runs_was_killed(tmp_path: Path) -> None:
    folder = write_sample(tmp_path, {**sample_record(), "status": "running", "results": None})
    assert [row["status"] for row in list_runs(tmp_path, [])] == ["killed"]
    with locked(folder):
        assert [row["status"] for row in list_runs(tmp_path, [])] == ["running"]
    assert len(list_runs(tmp_path, ["status=killed"])) == 1


def test_no_runs_are_no_rows(tmp_path: Path) -> None:
    assert list_runs(tmp_path, ["status=finished"]) == []


def test_the_command_prints_tabs_or_json_without_torch(runs_dir: Path) -> None:
    code = (
        "import sys; from likeness.cli import app; app(standalone_mode=False);"
        "print({'torch', 'numpy', 'matplotlib', 'hydra', 'rich.table'} & set(sys.modules), file=sys.stderr)"
    )
    overrides = ["runs", "--runs-dir", str(runs_dir), "--sort", "-seed", "--limit", "2", "loss.margin>0.1"]
    command = [sys.executable, "-c", code, *overrides]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    header, *lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert header == ["run", "status", "seed", METRIC, "loss.margin", "overrides"]
    assert [line[2:] for line in lines] == [
        ["4", "0.88", "0.4", "seed=4"],
        ["2", "0.84", "0.3", "seed=2"],
    ]
    assert done.stderr.strip() == "set()"
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert [row[METRIC] for row in json.loads(done.stdout)] == [0.88, 0.84]


def test_a_thousand_runs_take_little_more_than_reading_their_records(tmp_path: Path) -> None:
    for seed in range(1000):
        write_sample(tmp_path, sample_record(seed, accuracy=seed / 1000))
    records = sorted(tmp_path.glob("*/*/run.json"))
    assert 15_000 < records[0].stat().st_size < 25_000

    def reading() -> float:
        start = time.process_time()
        for record in records:
            json.loads(record.read_text())
        return time.process_time() - start

    def listing() -> float:
        start = time.process_time()
        rows = list_runs(tmp_path, ["status=finished", "verification/accuracy>=0.5"], sort="-cost.wall_s")
        assert len(rows) == 500
        return time.process_time() - start

    assert min(listing() for _ in range(3)) < 4 * min(reading() for _ in range(3))


def test_a_curve_is_drawn_from_its_lowest_to_its_highest_value(runs_dir: Path) -> None:
    folder = Path(list_runs(runs_dir, ["seed=2"])[0]["run"])
    values = [0.0, 0.5, 1.0, float("nan"), 0.25]
    rows = "".join(f"{step},validation/accuracy,{value!r}\n" for step, value in enumerate(values, 1))
    (folder / "metrics.csv").write_text("step,metric,value\n" + rows)
    drawn = list_runs(runs_dir, ["seed>=1"], sort="seed", curve="validation/accuracy")
    assert [str(row["curve of validation/accuracy"]) for row in drawn] == ["", "▁▅█ ▃", "", ""]
    assert sparkline([float(step) for step in range(1000)], width=4) == "▁▃▆█"
    assert sparkline([0.5, 0.5]) == "▁▁"
    with pytest.raises(LikenessError, match=r"did you mean validation/accuracy\?"):
        list_runs(runs_dir, [], curve="validation/acuracy")
