"""compile=true: another way to compute the same training, whose checkpoints are those of the network as it is."""

import shutil
from pathlib import Path

import pytest
import torch
from blank_figures import blank_figures
from tiny import TINY, train_by
from torch import nn

from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.embedding.trained import trained_at
from likeness.recipes.network_layout import refuse_uncompilable
from likeness.runs.record.logged import readable_metrics
from likeness.runs.training.checkpoints import Checkpoint, newest_checkpoint

SHORT = [*TINY, "embedder.batch_norm=true", "trainer.max_steps=4", "trainer.val_check_interval=4"]
IMAGES = torch.rand(12, 3, 32, 32, generator=torch.Generator().manual_seed(0))

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same training, as it is and compiled."""
    with blank_figures():
        return {
            flag: train_by([*SHORT, f"compile={flag}", f"runs_dir={tmp_path_factory.mktemp(flag)}"])
            for flag in ("false", "true")
        }


def checkpoint_of(run: Path) -> Checkpoint:
    found = newest_checkpoint(run)
    assert found is not None
    return found


def compiled_embedder() -> nn.Module:
    embedder: nn.Module = recipe_of(training_config([*SHORT, "compile=true"])).task().embedder  # type: ignore[assignment]
    assert embedder._compiled_call_impl is not None
    return embedder


@pytest.mark.slow  # it compiles
def test_the_losses_are_those_of_the_network_as_it_is(runs: dict[str, Path]) -> None:
    losses = {
        flag: [row.value for row in readable_metrics(run) if row.metric == "train/loss"]
        for flag, run in runs.items()
    }
    assert len(losses["true"]) == 4
    assert losses["true"] == pytest.approx(losses["false"], rel=1e-4)


@pytest.mark.slow  # it compiles
def test_names_and_optimizer_of_a_checkpoint_are_those_of_the_network_as_it_is(runs: dict[str, Path]) -> None:
    compiled, plain = checkpoint_of(runs["true"]), checkpoint_of(runs["false"])
    assert list(compiled.weights) == list(plain.weights)
    for name, value in plain.weights.items():
        torch.testing.assert_close(compiled.weights[name], value, rtol=1e-2, atol=1e-3)
    assert compiled.optimizer["state"].keys() == plain.optimizer["state"].keys()


@pytest.mark.slow  # it compiles twice more
def test_a_compiled_runs_checkpoint_is_read_by_the_network_as_it_is_and_the_other_way_about(
    runs: dict[str, Path],
) -> None:
    for run in runs.values():
        expected = trained_at(run, (), None)[1].embedder.eval()
        compiled = compiled_embedder().eval()
        prefix = "embedder."
        own = {
            name.removeprefix(prefix): value
            for name, value in checkpoint_of(run).weights.items()
            if name.startswith(prefix)
        }
        compiled.load_state_dict(own)
        with torch.no_grad():
            torch.testing.assert_close(compiled(IMAGES), expected(IMAGES), rtol=1e-4, atol=1e-5)


def test_a_missing_compiler_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    refuse_uncompilable(training_config(SHORT))  # who does not compile needs none
    with pytest.raises(LikenessError, match=r"^compile=true needs a C\+\+ compiler on a CPU, and none is"):
        train_by([*SHORT, "compile=true", f"runs_dir={tmp_path}"])
    assert not list(tmp_path.iterdir())
