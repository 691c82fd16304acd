"""Rewrites results.json: speed beside the plain softmax, speed by sampling, and memory of a million classes."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import memory
import torch
from contenders import OURS, PLAIN, WIDTH, Step, assert_equal, batch, steps
from timing import side_by_side

from likeness.losses import ArcFaceLoss
from likeness.losses.margin_softmax import SampledCentres

HERE = Path(__file__).parent
SIZE = 64
CLASSES = {1_000: 21, 10_000: 9, 100_000: 3}  # rounds
SAMPLED = 0.1


def beside_others() -> list[dict[str, Any]]:
    """A forward and backward pass with all centres."""
    rows = []
    for classes, rounds in CLASSES.items():
        assert_equal(min(classes, 10_000), SIZE)
        calls = steps(classes, SIZE)
        rows.append({"classes": classes, "rounds": rounds, "median_seconds": side_by_side(calls, rounds)})
    return rows


def by_sampling() -> dict[str, Any]:
    """A whole step with a tenth of the centres, their update too, beside the plain softmax with all, without one."""
    classes, rounds = 100_000, 3
    centres, embedding, identity = batch(classes, SIZE)
    loss = ArcFaceLoss(classes, WIDTH, sampled=SAMPLED)
    table = loss.centres
    assert isinstance(table, SampledCentres)
    table.table.data = centres
    leaf = embedding.requires_grad_()

    def sampled() -> None:
        leaf.grad = None
        loss(leaf, identity).loss.backward()
        table.update(1e-6)

    calls: dict[str, Callable[[], object]] = {OURS: sampled, PLAIN: _plain(steps(classes, SIZE))}
    return {
        "classes": classes,
        "sampled": SAMPLED,
        "rounds": rounds,
        "median_seconds": side_by_side(calls, rounds),
    }


def _plain(calls: dict[str, Step]) -> Step:
    return calls[PLAIN]


SUBJECTS: dict[str, Callable[[], Any]] = {
    "beside_others": beside_others,
    "by_sampling": by_sampling,
    "memory_of_a_million": memory.of_a_million,
}


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results["machine"] = {
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "pytorch-metric-learning")},
    }
    for name in names or SUBJECTS:
        results[name] = SUBJECTS[name]()
        print(json.dumps({name: results[name]}, indent=1), flush=True)
        path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
