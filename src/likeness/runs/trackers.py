"""Trackers that can't stop a run: each lives on a thread of its own and is let go of when it fails or hangs."""

import logging
import queue
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning.loggers import Logger

log = logging.getLogger("likeness")

Call = tuple[str, tuple[Any, ...]]


class DetachedLogger(Logger):
    """Hand every call to a tracker on a background thread.

    The tracker is made there too, since making one may ask the network. Its first failure is logged and ends it;
    one that hangs fills the queue, and what no longer fits is dropped. The run goes on in either case.

    Args:
        name: what to call the tracker in a message.
        make: makes the Lightning logger that does the work.
        room: how many calls may wait.
        patience: seconds to wait for it when the run ends.
    """

    def __init__(
        self, name: str, make: Callable[[], Logger], *, room: int = 10_000, patience: float = 20.0
    ) -> None:
        super().__init__()
        self._name, self._make, self._patience = name, make, patience
        self._calls: queue.Queue[Call | None] = queue.Queue(room)
        self._failed = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"tracker {name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The tracker's name."""
        return self._name

    @property
    def version(self) -> str | None:
        """Trackers keep their own."""
        return None

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Pass numbers on."""
        self._put("log_metrics", dict(metrics), step)

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Pass the configuration on."""
        self._put("log_hyperparams", params)

    def finalize(self, status: str) -> None:
        """Wait for the tracker to catch up, for as long as its patience lasts."""
        self._put("finalize", status)
        try:
            self._calls.put_nowait(None)
        except queue.Full:
            self._failed.set()
        self._thread.join(self._patience)
        if self._thread.is_alive():
            log.warning("The tracker %s hangs and was left behind; metrics.csv is complete.", self._name)

    def _put(self, method: str, *arguments: Any) -> None:
        if not self._failed.is_set():
            try:
                self._calls.put_nowait((method, arguments))
            except queue.Full:
                self._failed.set()
                log.warning("The tracker %s hangs; the run goes on without it.", self._name)

    def _work(self) -> None:
        try:
            tracker = self._make()
            while (call := self._calls.get()) is not None:
                method, arguments = call
                getattr(tracker, method)(*arguments)
        except BaseException as error:  # a tracker may even call sys.exit
            self._failed.set()
            log.warning("The tracker %s failed and the run goes on without it: %s", self._name, error)


def wandb_logger(
    *, folder: Path, run_name: str, project: str, group: str | None, tags: list[str], mode: str
) -> Logger:
    """A run on Weights & Biases, offline unless this machine is logged in; wandb is imported here only."""

    def make() -> Logger:
        import wandb
        from pytorch_lightning.loggers import WandbLogger

        logged_in = mode == "auto" and wandb.login(prompt=False, verify=False)
        where: Literal["online", "offline"] = "online" if mode == "online" or logged_in else "offline"
        logger = WandbLogger(
            project=project,
            name=run_name,
            group=group,
            tags=tags,
            save_dir=str(folder),
            offline=where == "offline",
            settings=wandb.Settings(mode=where, silent=True, init_timeout=60),
        )
        _ = logger.experiment  # starts it
        return _Finished(logger, wandb.finish)

    return DetachedLogger("wandb", make)


def tensorboard_logger(*, folder: Path, run_name: str) -> Logger:
    """TensorBoard's event files in the run's folder."""

    def make() -> Logger:
        from pytorch_lightning.loggers import TensorBoardLogger

        return TensorBoardLogger(save_dir=str(folder), name="tensorboard", version="")

    return DetachedLogger("tensorboard", make)


class _Finished(Logger):
    """A logger whose `finalize` also ends its tracker's own process."""

    def __init__(self, logger: Logger, finish: Callable[[], None]) -> None:
        super().__init__()
        self._logger, self._finish = logger, finish

    @property
    def name(self) -> str | None:
        return self._logger.name

    @property
    def version(self) -> int | str | None:
        return self._logger.version

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self._logger.log_metrics(metrics, step)

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        self._logger.log_hyperparams(params)

    def finalize(self, status: str) -> None:
        self._logger.finalize(status)
        self._finish()
