"""Memory that a step frees is there for the next one, without the kernel clearing its pages again."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource
import sys
import torch
from likeness.memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "keep":
    keep_freed_memory()
asked = []
for _ in range(12):
    before = faults()
    torch.ones(40, 2**18).mul(2).sum()  # 40 MiB, twice
    asked.append(faults() - before)
print(min(asked))  # pages that lie idle may be taken by the kernel all the same
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are let be")
def test_steps_ask_the_kernel_for_no_pages_that_they_had() -> None:
    asked = {
        how: int(subprocess.run([sys.executable, "-c", STEPS, how], capture_output=True, check=True).stdout)
        for how in ("keep", "as it is")
    }
    assert asked["keep"] < asked["as it is"] / 100
