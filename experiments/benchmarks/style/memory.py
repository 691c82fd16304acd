"""Subject: peak memory of a contender, its network and targets included, each in a process of its own."""

import gc
import os
import subprocess
import sys
from typing import Any

import torch
from contenders import EXACT, SPED
from images import scene
from networks import random_vgg19
from speed import NETWORK, SIDE
from timing import extra_memory

STEPS = 6

# A fixed threshold makes glibc hand every larger block back as it is freed, so that nothing left over from before
# the call can hide what the call takes.
ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def peaks() -> dict[str, Any]:
    """One run of each: another differs by less than 1 MiB."""
    mib = {name: _in_a_fresh_process(name) for name in {**EXACT, **SPED}}
    return {"network": NETWORK, "side": SIDE, "steps": STEPS, "extra_mib": mib}


def _in_a_fresh_process(name: str) -> float:
    command = [sys.executable, __file__, name]
    return float(
        subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True).stdout
    )


def _one(name: str) -> float:
    make, weights = {**EXACT, **SPED}[name], random_vgg19()
    make(NETWORK, weights, scene(32)).step()  # so that what a first step sets up once is not counted
    gc.collect()
    images = scene(SIDE)

    def call() -> None:
        contender = make(NETWORK, weights, images)
        for _ in range(STEPS):
            contender.step()

    return extra_memory(call)


if __name__ == "__main__":
    torch.set_num_threads(2)
    print(_one(sys.argv[1]))
