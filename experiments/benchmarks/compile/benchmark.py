"""Training steps a second with and without `compile=true`, on one core, in turn in one process.

    PYTHONPATH=experiments/benchmarks python experiments/benchmarks/compile/benchmark.py    # writes results.json

The embedder is built and laid out as a run does it. A step is forward, batch-hard loss, backward and AdamW on one
batch; that both have the same losses is asserted first.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from timing import in_turns
from torch import Tensor, nn

from likeness.losses import BatchHardTripletLoss
from likeness.recipes.choose import recipe_of, training_config

HERE = Path(__file__).parent
BACKBONES = {
    "small_conv, 64 pixels, batches of 64 (the default run's)": (["sampler.identities=16"], 64, 15),
    "timm's resnet18, 64 pixels, batches of 32": (
        ["backbone=timm", "backbone.name=resnet18", "backbone.spatial_size=64", "sampler.identities=8"],
        32,
        7,
    ),
}
IMAGES = 4  # of an identity
ASSERTED = 5  # steps whose losses are compared
DATA = ["data.identities=40", "data.pictures_per_identity=4", "data.validation_identities=4"]


def embedder(overrides: list[str], *, compiled: bool) -> nn.Module:
    """What a run trains at step 0."""
    words = [*DATA, "data.test_identities=4", *overrides, "sampler.images=4", f"compile={compiled}"]
    task: Any = recipe_of(training_config(words)).task()
    found: nn.Module = task.embedder
    return found.train()


def step_of(network: nn.Module, images: Tensor, identity: Tensor) -> Callable[[], float]:
    """A training step, which returns its loss."""
    loss_of = BatchHardTripletLoss()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(network(images), identity).loss
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def compared(overrides: list[str], size: int, rounds: int) -> dict[str, Any]:
    """Steps a second of both, and the seconds that compiling took."""
    draw = torch.Generator().manual_seed(0)
    side = training_config(overrides).backbone.spatial_size  # type: ignore[attr-defined]
    images = torch.rand(size, 3, side, side, generator=draw)
    identity = torch.arange(size // IMAGES).repeat_interleave(IMAGES)
    steps = {
        name: step_of(embedder(overrides, compiled=compiled), images, identity)
        for name, compiled in (("plain", False), ("compiled", True))
    }
    first = {name: _first(step) for name, step in steps.items()}
    losses = {name: [first[name][0], *(step() for _ in range(ASSERTED - 1))] for name, step in steps.items()}
    off = (
        max(abs(a - b) for a, b in zip(losses["plain"], losses["compiled"], strict=True)) / losses["plain"][0]
    )
    assert off <= 1e-4, losses
    seconds = {
        name: statistics.median(each) for name, each in in_turns(steps, rounds, time.process_time).items()
    }
    return {
        "rounds": rounds,
        "largest_difference_of_losses_over_the_first": off,
        "steps_a_second": {name: 1 / taken for name, taken in seconds.items()},
        "times_as_fast": seconds["plain"] / seconds["compiled"],
        "seconds_of_the_first_step": {name: taken for name, (_, taken) in first.items()},
    }


def _first(step: Callable[[], float]) -> tuple[float, float]:
    """The first step's loss and seconds of processor time, those of the compiler's processes too."""
    start = sum(os.times()[:4])
    loss = step()
    return loss, sum(os.times()[:4]) - start


def main() -> None:
    """Compare on each backbone."""
    torch.set_num_threads(1)
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    results: dict[str, Any] = {
        "machine": {
            "cpu": next((one.split(":")[1].strip() for one in lines if one.startswith("model name")), ""),
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        }
    }
    for name, case in BACKBONES.items():
        results[name] = partial(compared, *case)()
        print(name, json.dumps(results[name], indent=1), flush=True)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
