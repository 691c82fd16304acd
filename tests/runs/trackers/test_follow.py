"""What a tracker is told by the growing folder of a run."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from made_run import RESULTS, STEPS, append_metrics, made_run, rows, write_metrics

from likeness.runs.trackers.follow import NewSteps, follow
from likeness.runs.trackers.tracker import Results, Status


class Remembering:
    """A tracker that remembers what it was told; `told` is the last step that it knew before."""

    def __init__(self, told: int = 0) -> None:
        self.told = told
        self.steps: list[tuple[int, Mapping[str, float]]] = []
        self.results: list[object] = []
        self.ended: list[Status] = []

    def log_metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        self.steps.append((step, dict(metrics)))

    def log_results(self, step: int, results: Results, figures: list[Path]) -> None:
        self.results.append((step, results, [figure.name for figure in figures]))

    def finish(self, status: Status) -> None:
        self.ended.append(status)


def by_step(steps: range) -> list[tuple[int, Mapping[str, float]]]:
    return [(step, {name: value for _, name, value in rows([step])}) for step in steps]


def told_while(tracker: Remembering, folder: Path, *happenings: Callable[[], None], status: Status) -> None:
    """Follow a run in which one thing happens after another."""
    left = list(happenings)

    def ended() -> Status | None:
        if not left:
            return status
        left.pop(0)()
        return None

    follow(tracker, folder, ended)


def test_each_step_is_told_once_and_whole_and_then_the_results(tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    (folder / "metrics.csv").unlink()
    tracker = Remembering()
    told_while(
        tracker,
        folder,
        lambda: write_metrics(folder, range(0)),
        lambda: append_metrics(folder, range(1, 4)),
        lambda: append_metrics(folder, range(4, STEPS + 1)),
        status="finished",
    )
    assert tracker.steps == by_step(range(1, STEPS + 1))
    assert tracker.results == [(STEPS, RESULTS, ["roc.png"])]
    assert tracker.ended == ["finished"]


@pytest.mark.parametrize("seed", range(20))
def test_it_does_not_matter_where_the_writing_stops(seed: int, tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    whole = (folder / "metrics.csv").read_bytes()
    draw = random.Random(seed)
    cuts = sorted(draw.randrange(len(whole)) for _ in range(6))
    (folder / "metrics.csv").write_bytes(b"")

    def append(part: bytes) -> Callable[[], None]:
        def happen() -> None:
            with (folder / "metrics.csv").open("ab") as file:
                file.write(part)

        return happen

    parts = [append(whole[a:b]) for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    tracker = Remembering()
    told_while(tracker, folder, *parts, status="finished")
    assert tracker.steps == by_step(range(1, STEPS + 1))


def test_a_run_that_goes_back_to_a_checkpoint_is_told_no_step_twice(tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    tracker = Remembering()
    told_while(
        tracker,
        folder,
        lambda: None,  # all steps are there
        lambda: write_metrics(folder, range(1, 4)),  # cut to the checkpoint at step 3
        lambda: append_metrics(folder, range(4, 6)),
        lambda: append_metrics(folder, range(6, STEPS + 3)),
        status="finished",
    )
    assert tracker.steps == by_step(range(1, STEPS + 3))


def test_a_step_cut_off_in_its_middle_is_told_when_it_is_whole(tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    write_metrics(folder, range(1, 4))
    text = (folder / "metrics.csv").read_text().splitlines(keepends=True)
    (folder / "metrics.csv").write_text("".join(text[:-1]))  # killed before step 3's validation was logged
    first = Remembering()
    told_while(first, folder, status="interrupted")
    assert first.steps == by_step(range(1, 3))
    assert first.results == []
    write_metrics(folder, range(1, STEPS + 1))
    second = Remembering(told=first.told)
    told_while(second, folder, status="finished")
    assert first.steps + second.steps == by_step(range(1, STEPS + 1))


def test_a_failed_run_is_told_to_its_last_step_without_results(tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    tracker = Remembering()
    told_while(tracker, folder, status="failed")
    assert tracker.steps == by_step(range(1, STEPS + 1))
    assert tracker.results == []
    assert tracker.ended == ["failed"]


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    folder = made_run(tmp_path)
    steps = NewSteps(folder)
    assert len(list(steps.whole())) == STEPS - 1
    assert list(steps.whole()) == []
    append_metrics(folder, [STEPS + 1])
    assert list(steps.whole()) == by_step(range(STEPS, STEPS + 1))
