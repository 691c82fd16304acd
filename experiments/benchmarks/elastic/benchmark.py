"""How far a run that went on with other devices is from one that did not: benchmark.py OUT."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from likeness.recipes.choose import training_config
from likeness.runs.training.checkpoints import newest_checkpoint

STEPS, CHANGED = 300, 150
RUN = [
    "+experiment=triplet_hard",
    # without BatchNorm, which sees each device's share of a batch
    *(
        "backbone=lecture_conv",
        "backbone.widths=[16,32]",
        "backbone.spatial_size=32",
        "embedder.batch_norm=false",
    ),
    *("trainer.accelerator=cpu", f"trainer.max_steps={STEPS}", f"trainer.val_check_interval={CHANGED}"),
    *(
        f"checkpoints.every={CHANGED}",
        "loader.workers=0",
        "data.test_identities=50",
        "evaluation.resamples=100",
    ),
]
CHANGES = ((2, 1), (1, 2), (2, 4))
LIKENESS = [sys.executable, "-m", "likeness"]


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = finished(Path(folder, "whole"), "seed=0")
        other = finished(Path(folder, "other"), "seed=1")
        again = finished(Path(folder, "again"), "seed=0")
        assert distance(again, whole) == 0
        changes = [changed(Path(folder, f"{before}-{after}"), before, after) for before, after in CHANGES]
        scale = distance(other, whole)
        facts = {
            "steps": STEPS,
            "changed_after": CHANGED,
            "accuracy": accuracy(whole),
            "another_seed": {"distance": scale, "accuracy": accuracy(other)},
            "changes": [
                {
                    "devices": list(devices),
                    "distance": distance(run, whole),
                    "of_another_seed's": distance(run, whole) / scale,
                    "accuracy": accuracy(run),
                    "said": json.loads((run / "run.json").read_text())["sessions"][-1]["changed"],
                }
                for devices, run in zip(CHANGES, changes, strict=True)
            ],
            "torch": torch.__version__,
        }
    out.write_text(json.dumps(facts, indent=2) + "\n")


def finished(runs_dir: Path, *overrides: str) -> Path:
    """The folder of a run to its end."""
    return printed_run([*LIKENESS, "train", *RUN, f"runs_dir={runs_dir}", *overrides])


def changed(runs_dir: Path, before: int, after: int) -> Path:
    """The folder of a run that was killed at its first checkpoint and went on with `after` devices."""
    words = [*LIKENESS, "train", *RUN, f"runs_dir={runs_dir}", "seed=0", f"trainer.devices={before}"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while not (found := list(runs_dir.glob(f"*/*/checkpoints/step-{CHANGED:08}.ckpt"))):
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)  # all of its ranks, as a machine that goes down
    return printed_run([*LIKENESS, "resume", str(found[0].parents[1]), f"trainer.devices={after}"])


def printed_run(words: list[str]) -> Path:
    """The folder that a command prints last."""
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(said.strip().splitlines()[-1])


def distance(run: Path, other: Path) -> float:
    """Between the final weights of two runs, as one vector each, over the length of the second's."""
    one, two = (
        torch.cat([each.flatten().double() for each in weights(run_).values()]) for run_ in (run, other)
    )
    return float((one - two).norm() / two.norm())


def weights(run: Path) -> dict[str, torch.Tensor]:
    """Those that a run ended with."""
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.step == STEPS
    return {name: one for name, one in checkpoint.weights.items() if one.is_floating_point()}


def accuracy(run: Path) -> dict[str, Any]:
    """On the run's test identities."""
    found: dict[str, Any] = json.loads((run / "results.json").read_text())["trained"]["verification/accuracy"]
    return found


if __name__ == "__main__":
    training_config(RUN)  # a mistake is told before anything runs
    main(Path(sys.argv[1]))
