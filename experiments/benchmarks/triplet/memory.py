"""Subject: peak memory of one batch-hard step at B = 4096, each library in a process of its own."""

import os
import subprocess
import sys
from typing import Any

import contenders
import torch
from batches import batch
from equality import step
from timing import extra_memory

SIZE = 4096


# A fixed threshold makes glibc hand every larger block back as it is freed, so that nothing left over from before
# the call can hide what the call takes.
ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def peaks() -> dict[str, Any]:
    mib = {}
    for name in contenders.batch_hard():
        runs = [_in_a_fresh_process(name) for _ in range(3)]
        mib[name] = sorted(runs)[1]
    return {"batch": SIZE, "median_extra_mib": mib}


def _in_a_fresh_process(name: str) -> float:
    command = [sys.executable, __file__, name]
    return float(
        subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True).stdout
    )


def _one(name: str) -> float:
    loss = contenders.batch_hard()[name]
    step(loss, *batch(64))
    embedding, identity = batch(SIZE)
    return extra_memory(lambda: step(loss, embedding, identity))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(_one(sys.argv[1]))
