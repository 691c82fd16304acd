"""The process of one tracker of a run: python -m likeness.runs.trackers FOLDER NAME."""

import os
import select
import signal
import sys
import traceback
from pathlib import Path

from hydra.utils import get_class

from likeness.runs.trackers.follow import follow
from likeness.runs.trackers.hidden import without_secrets
from likeness.runs.trackers.tracker import Status, Tracker, read_run

INTERVAL = 1.0  # seconds between two looks at metrics.csv


def main() -> None:
    """Follow the run that this process was started by."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM):  # the run is told, and it tells its trackers
        signal.signal(number, signal.SIG_IGN)
    os.nice(10)  # the processor is for the training
    follow(tracker_of(folder, name), folder, ended)


def tracker_of(folder: Path, name: str) -> Tracker:
    """The tracker `name` of the run in `folder`, as the run's configuration has it."""
    run = read_run(folder)
    settings = dict(run.config["logger"][name])
    tracker: Tracker = get_class(settings.pop("_target_"))(run, **settings)
    return tracker


def ended() -> Status | None:
    """How the run ended, as it says on stdin; a killed one says nothing, and None means that it goes on."""
    if not select.select([sys.stdin], [], [], INTERVAL)[0]:
        return None
    match sys.stdin.readline().strip():
        case "finished":
            return "finished"
        case "failed":
            return "failed"
        case _:
            return "interrupted"


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:  # a tracker may even call sys.exit
        last = " ".join(str(error).split()) or type(error).__name__
        print(without_secrets(f"{traceback.format_exc()}{last}"), flush=True)
        os._exit(1)  # past what a tracker does at exit, which may hang
