"""A run goes on with another number of devices: the same samples, the same gradients up to rounding, and it says so."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from killing import finish, only_run, start
from tiny import TINY
from typer.testing import CliRunner

from likeness.cli import app
from likeness.runs.record.record_file import read_record
from likeness.runs.training.checkpoints import newest_checkpoint

# A network without BatchNorm and dropout, which would see each device's share of a batch.
ONE = [
    *(word for word in TINY if not word.startswith("backbone.width=")),
    "backbone=lecture_conv",
    "backbone.widths=[4,4]",
    "backbone.spatial_size=16",
    "augment=faces",
    "embedder.batch_norm=false",
    "trainer.accelerator=cpu",
    "trainer.max_steps=6",
    "trainer.val_check_interval=3",
    "checkpoints.every=2",
]


def weights(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = newest_checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.step == 6
    return checkpoint.weights


@pytest.mark.parametrize(
    ("before", "after"), [(2, 1), pytest.param(1, 2, marks=pytest.mark.slow)], ids=["2 to 1", "1 to 2"]
)
def test_a_run_goes_on_with_other_devices(before: int, after: int, tmp_path: Path) -> None:
    whole, other = tmp_path / "whole", tmp_path / "other"
    assert finish([f"runs_dir={whole}", *ONE]) == 0
    process = start([f"runs_dir={other}", *ONE, f"trainer.devices={before}"])
    while not list(other.glob("*/*/checkpoints/step-00000002.ckpt")):
        time.sleep(0.01)
        assert process.exitcode is None
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    run = only_run(other)
    said = CliRunner().invoke(app, ["resume", str(run), f"trainer.devices={after}"])
    assert said.exit_code == 0, said.output
    changed = read_record(run)["sessions"][-1]["changed"]
    assert [one.split(":")[0] for one in changed] == [f"trainer.devices={after}, {before} before"]
    assert json.loads((run / "run.json").read_text())["config"]["trainer"]["devices"] == after
    expected, found = weights(only_run(whole)), weights(run)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)
