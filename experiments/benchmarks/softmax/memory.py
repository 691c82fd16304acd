"""Subject: what a step with a million sampled centres holds, in a process of its own."""

import os
import subprocess
import sys
import time
from typing import Any

import torch
from contenders import WIDTH
from timing import extra_memory

from likeness.losses import ArcFaceLoss
from likeness.losses.margin_softmax import SampledCentres

CLASSES, SAMPLED, SIZE, STEPS = 1_000_000, 0.1, 64, 3
# A fixed threshold makes glibc hand every larger block back as it is freed.
ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def of_a_million() -> dict[str, Any]:
    command = [sys.executable, __file__]
    done = subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True)
    mib, seconds = map(float, done.stdout.split())
    return {
        "classes": CLASSES,
        "sampled": SAMPLED,
        "batch": SIZE,
        "steps": STEPS,
        "mib": mib,
        "seconds_a_step": seconds,
    }


def _steps() -> float:
    """Make the loss and take a few steps; the processor seconds of one."""
    loss = ArcFaceLoss(CLASSES, WIDTH, sampled=SAMPLED)
    assert isinstance(loss.centres, SampledCentres)
    table = loss.centres.table.detach()
    start = time.process_time()
    for step in range(STEPS):
        identity = torch.randint(CLASSES, (SIZE,))
        own = table[identity].clone()
        embedding = (own + torch.randn(SIZE, WIDTH)).requires_grad_()
        loss(embedding, identity).loss.backward()
        assert embedding.grad is not None
        loss.centres.update(0.001)
        assert not torch.equal(own, table[identity])
        assert int(loss.centres.updates.sum()) == (step + 1) * round(SAMPLED * CLASSES)
    return (time.process_time() - start) / STEPS


if __name__ == "__main__":
    torch.set_num_threads(1)
    seconds: list[float] = []
    print(extra_memory(lambda: seconds.append(_steps())), *seconds)
