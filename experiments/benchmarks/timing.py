"""Timing calls side by side, and how much memory one call takes."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def side_by_side(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median processor seconds of each call: one to warm up, then `rounds` of all of them, in turning order.

    Taking turns shares out whatever else the machine does, and turning the order shares out what one call
    leaves behind in the caches. All is done in one thread, so processor time is the time that passes on a machine
    with nothing else to do; unlike that, it hardly depends on what else there is.
    """
    for call in calls.values():
        call()
    return {
        name: statistics.median(seconds)
        for name, seconds in in_turns(calls, rounds, time.process_time).items()
    }


def in_turns(
    calls: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds by a clock of each call in `rounds` of all of them, in turning order."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                start = clock()
                calls[name]()
                seconds[name].append(clock() - start)
    finally:
        gc.enable()
    return seconds


def extra_memory(call: Callable[[], object]) -> float:
    """MiB by which this process's resident set grows, at its highest, over what it is before `call`.

    The high-water mark cannot be lowered: call this once in a fresh process, after a small warm-up.
    """
    before = _status("VmRSS")
    call()
    return _status("VmHWM") - before


def _status(field: str) -> float:
    """MiB. Not getrusage's maximum, which a process inherits from the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 2**10
