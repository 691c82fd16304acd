"""Subject: peak memory of one batch-hard step at B = 4096, each library in a process of its own."""

import subprocess
import sys
from typing import Any

import contenders
import torch
from batches import batch
from equality import step
from timing import extra_memory

SIZE = 4096


def peaks() -> dict[str, Any]:
    mib = {}
    for name in contenders.batch_hard():
        runs = [
            float(
                subprocess.run(
                    [sys.executable, __file__, name], check=True, capture_output=True, text=True
                ).stdout
            )
            for _ in range(3)
        ]
        mib[name] = sorted(runs)[1]
    return {"batch": SIZE, "median_extra_mib": mib}


def _one(name: str) -> float:
    loss = contenders.batch_hard()[name]
    step(loss, *batch(64))
    embedding, identity = batch(SIZE)
    return extra_memory(lambda: step(loss, embedding, identity))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(_one(sys.argv[1]))
