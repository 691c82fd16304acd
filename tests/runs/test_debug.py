"""debug=fast, overfit, profile and anomaly, on small runs."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from blank_figures import blank_figures
from tiny import TINY, train_by

from likeness.data import datamodule
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.record.logged import readable_metrics
from likeness.runs.training.debug.one_batch import OneBatch
from likeness.tasks.embedding import EmbeddingTask


@pytest.fixture(autouse=True)
def _no_figures() -> Iterator[None]:
    with blank_figures():
        yield


def test_fast_is_one_step_of_everything(tmp_path: Path) -> None:
    run = train_by([*TINY, "debug=fast", "trainer.accumulate_grad_batches=2", f"runs_dir={tmp_path}"])
    assert run.parent == tmp_path / "debug"
    logged = list(readable_metrics(run))
    assert {row.step for row in logged} == {1}
    assert {"train/loss", "validation/accuracy"} <= {row.metric for row in logged}
    assert (run / "results.json").is_file()
    assert (run / "report.html").is_file()


def test_lengths_follow_and_are_only_lowered() -> None:
    config = training_config(["debug=profile", "trainer.max_steps=20"])
    assert (config.trainer.max_steps, config.trainer.val_check_interval) == (20, 50)
    assert config.scheduler is not None
    assert config.scheduler.total_steps == 20  # type: ignore[attr-defined]
    assert training_config(["debug=fast"]).scheduler.total_steps == 1  # type: ignore[union-attr]
    epochs = training_config(
        ["debug=fast", "trainer.max_epochs=20", "trainer.val_check_interval=1.0"]
    ).trainer
    assert (epochs.max_steps, epochs.val_check_interval) == (1, 1)
    with pytest.raises(LikenessError, match=r"debug=fats is not a known value; did you mean fast\?"):
        training_config(["debug=fats"])


def test_one_batch_is_learned(tmp_path: Path) -> None:
    words = ["debug=overfit", "trainer.max_steps=60", "optimizer.lr=0.003", "embedder.batch_norm=true"]
    run = train_by([*TINY, *words, f"runs_dir={tmp_path}"])
    losses = [row.value for row in readable_metrics(run) if row.metric == "train/loss"]
    assert losses[-1] < 0.1 * losses[0]
    said = (run / "log.txt").read_text()
    assert re.search(r"the loss of one batch went from \S+ to \S+ in 60 steps; it can be learned", said)


def test_the_one_batch_is_the_first_wherever_a_run_goes_on() -> None:
    batches = []
    for step in (0, 7):
        data = recipe_of(training_config([*TINY, "augment=faces"])).data()
        assert data is not None
        one = OneBatch(data)
        one.trainer = SimpleNamespace(  # type: ignore[assignment]
            global_rank=0, world_size=1, accumulate_grad_batches=1, global_step=step
        )
        again = iter(one.train_dataloader())
        batches += [next(again), next(again)]
    assert all(torch.equal(one.images, batches[0].images) for one in batches)


def test_the_table_says_where_time_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = EmbeddingTask.training_step

    def slow(*arguments: Any) -> Any:
        time.sleep(0.4)
        return step(*arguments)

    monkeypatch.setattr(EmbeddingTask, "training_step", slow)
    run = train_by([*TINY, "debug=profile", "trainer.max_steps=5", f"runs_dir={tmp_path}"])
    said = (run / "log.txt").read_text()
    found = re.findall(r"^(\w[\w ]*?) +(-?[\d.]+)% +(-?[\d.]+)$", said, re.MULTILINE)
    shares = {name: float(share) for name, share, _ in found}
    milliseconds = {name: float(taken) for name, _, taken in found}
    assert sum(shares.values()) == pytest.approx(200, abs=1)  # the phases, and all
    assert milliseconds["forward and loss"] >= 400
    assert min(milliseconds[name] for name in ("loading", "backward", "optimizer")) > 0
    assert max(shares, key=lambda name: shares[name] if name != "all" else 0) == "forward and loss"


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    """Have `spoil` change the task, or its loss, at the third step."""
    step = EmbeddingTask.training_step

    def training_step(self: EmbeddingTask, batch: Any, batch_idx: int) -> Any:
        if self.global_step == 2 and (added := spoil(self)) is not None:
            return step(self, batch, batch_idx) + added
        return step(self, batch, batch_idx)

    monkeypatch.setattr(EmbeddingTask, "training_step", training_step)


def test_a_batch_that_is_no_number_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = datamodule.as_float
    monkeypatch.setattr(datamodule, "as_float", lambda images, **more: as_it_is(images, **more) * torch.nan)
    with pytest.raises(
        LikenessError, match=r"at step 1 the batch's images are not numbers: look at the data"
    ):
        train_by([*TINY, "debug=anomaly", "trainer.max_steps=2", f"runs_dir={tmp_path}"])


def no_number_in_a_layer(task: EmbeddingTask) -> None:
    task.embedder.projection.weight.data[0, 0] = torch.nan  # type: ignore[union-attr, operator]


def no_number_in_a_gradient(task: EmbeddingTask) -> Any:
    weight: Any = task.embedder.projection.weight
    return 0 * (0 * weight.sum()).sqrt()


def no_end_to_a_gradient(task: EmbeddingTask) -> Any:
    weight: Any = task.embedder.projection.weight
    return (weight[0, 0] - weight[0, 0].detach()).sqrt()  # 0, and infinitely steep


def no_number_after_a_step(task: EmbeddingTask) -> None:
    for group in task.trainer.optimizers[0].param_groups:
        group["lr"] = torch.inf


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            no_number_in_a_layer,
            r"at step 3 embedder\.projection, a Linear, makes what is not a number of numbers\.$",
        ),
        (
            no_number_in_a_gradient,
            r"at step 3 in the backward pass Function 'SqrtBackward0' returned nan values",
        ),
        (
            no_end_to_a_gradient,
            r"at step 3 the gradient of embedder\.projection\.weight is not a number, though the loss is one\.$",
        ),
        (
            no_number_after_a_step,
            r"at step 3 the optimizer made \S+ no number, though its gradient is one\.$",
        ),
    ],
)
def test_the_first_thing_that_is_no_number_is_named(
    spoil: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, spoil)
    with pytest.raises(LikenessError, match=said):
        train_by([*TINY, "debug=anomaly", "trainer.max_steps=5", f"runs_dir={tmp_path}"])
