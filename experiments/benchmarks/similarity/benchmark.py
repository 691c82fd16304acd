"""The heads' scores of all pairs, and their gradients, beside the tensor of pairs times dimensions.

Rewrites results.json. With the name of a contender it prints the MiB that one step of it takes, in this process alone.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from timing import extra_memory, side_by_side
from torch import Tensor

from likeness.models.similarity import weighted_chi_squared, weighted_l1

SIZE = 512  # encodings on each side, and their dimensions
ROUNDS = 9
# A fixed threshold makes glibc hand every larger block back as it is freed, so that nothing hides what a call takes.
FRUGAL = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}

Weighted = Callable[[Tensor, Tensor, Tensor], Tensor]


def naive_l1(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    return (x[:, None] - y).abs() @ weight


def naive_chi_squared(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    return ((x[:, None] - y) ** 2 / (x[:, None] + y)) @ weight


CONTENDERS: dict[str, dict[str, Weighted]] = {
    "absolute_difference": {"likeness": weighted_l1, "naive": naive_l1},
    "chi_squared": {"likeness": weighted_chi_squared, "naive": naive_chi_squared},
}


def batch(size: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """Positive encodings x and y `[size, 512]`, and weights `[512]` of both signs."""
    draw = torch.Generator().manual_seed(size)
    x, y = (torch.rand(size, SIZE, generator=draw, dtype=dtype) + 0.01 for _ in range(2))
    return x, y, torch.randn(SIZE, generator=draw, dtype=dtype)


def step(weighted: Weighted, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """The table and its gradients by x, y and the weights, of the mean of its squares."""
    leaves = [each.detach().requires_grad_() for each in inputs]
    table = weighted(*leaves)
    return [table.detach(), *torch.autograd.grad(table.square().mean(), leaves)]


def assert_equal(contenders: dict[str, Weighted]) -> None:
    """To 1e-11 in float64; in float32 within rounding."""
    for dtype, error in ((torch.float64, 1e-11), (torch.float32, 1e-4)):
        inputs = batch(64, dtype)
        ours, naive = (step(each, inputs) for each in contenders.values())
        for one, other in zip(ours, naive, strict=True):
            assert float((one - other).norm() / other.norm()) < error


def memory(kind: str, name: str) -> float:
    """Median MiB of three fresh processes."""
    command = [sys.executable, __file__, kind, name]
    run = subprocess.run
    mib = [
        float(run(command, env=FRUGAL, check=True, stdout=subprocess.PIPE, text=True).stdout)
        for _ in range(3)
    ]
    return sorted(mib)[1]


def main() -> None:
    results = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "torch": str(torch.__version__),
            "threads": torch.get_num_threads(),
        },
        "size": {"n": SIZE, "m": SIZE, "d": SIZE},
    }
    inputs = batch(SIZE)
    for kind, contenders in CONTENDERS.items():
        assert_equal(contenders)
        calls = {name: (lambda each=each: step(each, inputs)) for name, each in contenders.items()}
        seconds = side_by_side(calls, ROUNDS)
        mib = {name: memory(kind, name) for name in contenders}
        results[kind] = {
            "median_s": seconds,
            "extra_mib": mib,
            "faster": seconds["naive"] / seconds["likeness"],
            "memory_share": mib["likeness"] / mib["naive"],
        }
        print(kind, json.dumps(results[kind], indent=1), flush=True)
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) == 3:
        chosen = CONTENDERS[sys.argv[1]][sys.argv[2]]
        step(chosen, batch(32))
        whole = batch(SIZE)
        print(extra_memory(lambda: step(chosen, whole)))
    else:
        main()
