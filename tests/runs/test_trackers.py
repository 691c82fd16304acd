"""A tracker that fails or hangs never stops a run."""

import threading
import time

import pytest
from pytorch_lightning.loggers import Logger

from likeness.runs.trackers import DetachedLogger


class Tracker(Logger):
    """Remembers what it was told; `on_metrics` may fail or hang."""

    def __init__(self, on_metrics=lambda: None) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.told: list[object] = []
        self.on_metrics = on_metrics

    name = "tracker"
    version = None

    def log_metrics(self, metrics, step=None) -> None:  # type: ignore[no-untyped-def]
        self.on_metrics()
        self.told.append((metrics, step))

    def log_hyperparams(self, params, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]
        self.told.append(params)

    def finalize(self, status: str) -> None:
        self.told.append(status)


def test_a_tracker_is_told_everything_in_order() -> None:
    tracker = Tracker()
    detached = DetachedLogger("tracker", lambda: tracker)
    detached.log_hyperparams({"seed": 1})
    for step in range(100):
        detached.log_metrics({"loss": step / 2}, step)
    detached.finalize("success")
    assert tracker.told == [{"seed": 1}, *(({"loss": step / 2}, step) for step in range(100)), "success"]


def _fail() -> None:
    raise ConnectionError("no network")


def test_a_failing_tracker_is_let_go_of(caplog: pytest.LogCaptureFixture) -> None:
    detached = DetachedLogger("tracker", lambda: Tracker(_fail))
    for step in range(5):
        detached.log_metrics({"loss": 1.0}, step)
    detached.finalize("success")
    assert caplog.text.count("the run goes on without it: no network") == 1


def test_a_tracker_that_cannot_be_made_is_let_go_of(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> Logger:
        raise SystemExit("not logged in")

    detached = DetachedLogger("tracker", make)
    detached.log_metrics({"loss": 1.0}, 0)
    detached.finalize("success")
    assert "not logged in" in caplog.text


def test_a_hanging_tracker_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    released = threading.Event()
    detached = DetachedLogger("tracker", lambda: Tracker(released.wait), room=10, patience=0.1)
    begun = time.monotonic()
    for step in range(1000):
        detached.log_metrics({"loss": 1.0}, step)
    detached.finalize("success")
    waited = time.monotonic() - begun
    released.set()
    assert waited < 10  # a tracker that blocked would never return
    assert caplog.text.count("hangs") >= 1
