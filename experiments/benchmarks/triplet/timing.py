"""Timing calls side by side, and how much memory one call takes."""

import gc
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def side_by_side(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each call: one of each to warm up, then `rounds` of all of them, in turning order.

    Taking turns shares out whatever else the machine does, and turning the order shares out what one call
    leaves behind in the caches.
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                start = time.perf_counter()
                calls[name]()
                seconds[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return {name: statistics.median(values) for name, values in seconds.items()}


def extra_memory(call: Callable[[], object]) -> float:
    """MiB by which this process's resident set grows, at its highest, over what it is before `call`.

    The high-water mark cannot be lowered: call this once in a fresh process, after a small warm-up.
    """
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10 - resident
