"""The dashboard of all runs: what it is told of them, and what a browser shows."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, DRIVER, SWITCHES
from made_run import STEPS, append_metrics, made_run, rows, write_metrics

from likeness.runs.trackers import tracked

WINDOW = "--window-size=1400,1000"


def import_runs(runs_dir: Path) -> None:
    """In a process of its own, as Trackio keeps to the folder that it first knew."""
    program = "import sys; from likeness.runs.trackers.dashboard import *; import_runs(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, str(runs_dir)], check=True)


def curves(runs_dir: Path, project: str = "likeness") -> dict[str, list[tuple[int, str, float]]]:
    """By run what the store has of its curves."""
    kept: dict[str, list[tuple[int, str, float]]] = {}
    database = sqlite3.connect(runs_dir / ".trackio" / f"{project}.db")
    for run, step, text in database.execute("SELECT run_name, step, metrics FROM metrics ORDER BY id"):
        logged = [
            (step, name, value)
            for name, value in json.loads(text).items()
            if name.startswith(("train/", "validation/"))
        ]
        kept.setdefault(run, []).extend(logged)
    return kept


def results(runs_dir: Path, project: str = "likeness") -> list[str]:
    database = sqlite3.connect(runs_dir / ".trackio" / f"{project}.db")
    texts = database.execute("SELECT metrics FROM metrics ORDER BY id")
    return [name for (text,) in texts for name in json.loads(text) if name == "results"]


def set_status(folder: Path, status: str) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "status": status}))


def test_every_run_is_shown_whatever_trackers_it_chose_and_what_is_new_is_added(tmp_path: Path) -> None:
    first = made_run(tmp_path, name="1")
    second = made_run(tmp_path, name="2")
    write_metrics(second, range(1, 4))
    set_status(second, "running")
    (tmp_path / "default" / "damaged").mkdir()
    (tmp_path / "default" / "damaged" / "run.json").write_text("{")
    import_runs(tmp_path)
    everything = rows(range(1, STEPS + 1))
    assert curves(tmp_path) == {"default/1": everything, "default/2": rows(range(1, 3))}
    assert len(results(tmp_path)) == 1

    append_metrics(second, range(4, STEPS + 1))
    set_status(second, "finished")
    (first / "metrics.csv").touch()
    for _ in range(2):
        import_runs(tmp_path)
    assert curves(tmp_path) == {"default/1": everything, "default/2": everything}
    assert len(results(tmp_path)) == 2


def test_a_run_that_told_trackio_itself_is_not_told_again(tmp_path: Path) -> None:
    folder = made_run(tmp_path, ["logger=trackio", "logger.trackio.project=faces"])
    with tracked(folder, ["trackio"]):
        pass
    before = curves(tmp_path, "faces")
    import_runs(tmp_path)
    assert len(results(tmp_path, "faces")) == 1
    assert before == curves(tmp_path, "faces") == {"default/20261123-100000-0a1b": rows(range(1, STEPS + 1))}


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[str]:
    """The address of the dashboard over two runs, served by the command line."""
    for name in ("1", "2"):
        made_run(tmp_path / "runs", name=name)
    overrides = [sys.executable, "-m", "likeness.cli", "dashboard", "--no-browser"]
    with subprocess.Popen(overrides, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("The runs below runs: http://127.0.0.1:"), line
        yield line.split()[4]
        process.terminate()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A headless Chromium without a past and without a network."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in [*SWITCHES, WINDOW, f"--user-data-dir={tmp_path / 'chromium'}"]:
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver (chromium-driver) are not installed"
)
def test_a_browser_shows_the_curves_of_all_runs(dashboard: str, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(dashboard)

    def text(page: Any) -> list[str]:
        lines: list[str] = page.find_element("tag name", "body").text.splitlines()
        return lines

    WebDriverWait(browser, 60).until(lambda page: {"loss", "Runs (2)"} <= set(text(page)))
    shown = text(browser)
    section = shown.index("train (1)")
    assert shown[section + 1] == "loss"
    assert set(shown[section + 2 : section + 4]) == {"default/1", "default/2"}
    assert browser.find_elements("css selector", "canvas, svg.marks")  # the curve itself is drawn


def test_where_there_are_no_runs_it_is_said(tmp_path: Path) -> None:
    overrides = [sys.executable, "-m", "likeness.cli", "dashboard", "nowhere"]
    done = subprocess.run(overrides, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr
        == "likeness: There are no runs below nowhere; name their folder: likeness dashboard RUNS.\n"
    )
