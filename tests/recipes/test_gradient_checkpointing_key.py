"""gradient_checkpointing=true: a run that computes blocks again ends with the same bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from blank_figures import blank_figures
from tiny import TINY, train_by
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from likeness.errors import LikenessError
from likeness.runs.training.checkpoints import checkpoint_of

SHORT = [*TINY, "embedder.dropout=0.3", "trainer.max_steps=3", "trainer.val_check_interval=3"]
NO_BLOCKS = ["backbone=lecture_conv", "backbone.widths=[4,4]", "backbone.spatial_size=16"]


@contextmanager
def counted_convolutions() -> Iterator[list[int]]:
    """How often convolutions are asked where gradients are wanted, in the whole process: a list of one number."""
    asked = [0]

    def count(layer: nn.Module, _inputs: object) -> None:
        asked[0] += isinstance(layer, nn.Conv2d) and torch.is_grad_enabled()

    handle = register_module_forward_pre_hook(count)
    try:
        yield asked
    finally:
        handle.remove()


def test_a_run_ends_with_the_same_bits_and_computes_its_blocks_twice(tmp_path: Path) -> None:
    found, asked = {}, {}
    for flag in ("false", "true"):
        with blank_figures(), counted_convolutions() as count:
            run = train_by([*SHORT, f"gradient_checkpointing={flag}", f"runs_dir={tmp_path / flag}"])
        found[flag], asked[flag] = checkpoint_of(run, 3), count[0]
    assert asked["true"] == 2 * asked["false"] > 0
    assert found["true"].weights.keys() == found["false"].weights.keys()
    for name, value in found["false"].weights.items():
        assert torch.equal(found["true"].weights[name], value), name


def test_a_network_without_blocks_is_refused_by_the_key(tmp_path: Path) -> None:
    others = [word for word in SHORT if not word.startswith("backbone.")]
    with pytest.raises(LikenessError, match=r"^gradient_checkpointing=true needs a network of blocks"):
        train_by([*others, *NO_BLOCKS, "gradient_checkpointing=true", f"runs_dir={tmp_path}"])
