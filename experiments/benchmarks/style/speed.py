"""Subject: seconds of an iteration, that is one evaluation of the closure and the optimiser's own work."""

import statistics
import time
from collections.abc import Mapping
from typing import Any

import torch
from contender import Contender
from contenders import EXACT, SPED
from equality import assert_one_objective, gradient_differences
from images import disturbed, scene
from networks import giga_operations, random_vgg19
from timing import in_turns

NETWORK, SIDE, ROUNDS, WARM_UP, THREADS = "vgg19", 256, 12, 2, (2, 1)


def iterations(rounds: int = ROUNDS) -> dict[str, Any]:
    weights, images = random_vgg19(), disturbed(scene(SIDE))
    work = giga_operations(NETWORK, SIDE)
    makes = {**EXACT, **SPED}
    result: dict[str, Any] = {
        "network": NETWORK,
        "side": SIDE,
        "rounds": rounds,
        "giga_operations": work,
        "gradient_difference": {
            "float64": assert_one_objective(EXACT, NETWORK, weights),
            "as timed": gradient_differences(makes, NETWORK, weights, images),
        },
        "threads": {},
    }
    for threads in THREADS:
        torch.set_num_threads(threads)
        contenders = {name: make(NETWORK, weights, images) for name, make in makes.items()}
        result["threads"][threads] = {
            name: {
                "min_s": min(seconds),
                "median_s": statistics.median(seconds),
                "gflop_per_s": work / statistics.median(seconds),
            }
            for name, seconds in step_times(contenders, rounds).items()
        }
        for name, contender in contenders.items():
            assert contender.generated().isfinite().all(), f"{name} left the real numbers"
    return result


def step_times(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds by the clock of `rounds` steps of each, in turning order, after `WARM_UP` of each."""
    for contender in contenders.values():
        for _ in range(WARM_UP):
            contender.step()
    return in_turns({name: one.step for name, one in contenders.items()}, rounds, time.perf_counter)
