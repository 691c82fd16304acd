"""Validation: whose encodings are measured by whom, and at what cost."""

import json
import socket
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.plugins.environments import LightningEnvironment
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor, nn
from warm import call_in_ranks

from likeness.data.augment import KeyedAugment
from likeness.data.batch import Batch
from likeness.data.datamodule import IdentityDataModule
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError, UnreadableImage
from likeness.evaluation import query_scores
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.evaluation.pairs import balanced_pairs
from likeness.evaluation.verification import fold_accuracy
from likeness.losses import BatchHardTripletLoss
from likeness.tasks.embedding import EmbeddingTask
from likeness.tasks.encoding import QUERIES, Validation
from likeness.tasks.gather import measured_once

WORLD = 2
# Images in a batch: of 60 images they make an even number of batches, an odd one, and a single one for two ranks.
BATCH_SIZES = {"even": 10, "odd": 9, "single": 100}
UNREADABLE = {4, *range(18, 27), 59}  # one in the midst, all of the third batch of nine, and the last


class Noise:
    """Twelve identities of five images each, of random numbers around those of the identity."""

    grouping = None

    def __init__(self, unreadable: set[int]) -> None:
        self.identity: NDArray[np.int64] = np.repeat(np.arange(12), 5)
        draw = np.random.default_rng(0)
        values = draw.normal(128, 20, (12, 48))[self.identity] + draw.normal(0, 30, (60, 48))
        self.images = torch.from_numpy(values.clip(0, 255).astype(np.uint8)).view(60, 3, 4, 4)
        self.unreadable = unreadable

    def __len__(self) -> int:
        return 60

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        for index in indices:
            if index in self.unreadable:
                raise UnreadableImage(self.name(index))
        return [self.images[index] for index in indices]

    def name(self, index: int) -> str:
        return str(index)

    def identity_name(self, identity: int) -> str:
        return str(identity)

    def fingerprint(self) -> dict[str, object]:
        return {}

    def files(self) -> Any:
        raise NotImplementedError


class Seen(EmbeddingTask):
    """Notes which images it encodes to validate, and in which process it measures."""

    def __init__(self, validation: Validation) -> None:
        torch.manual_seed(0)
        embedder = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.BatchNorm1d(8))
        super().__init__(
            embedder,
            BatchHardTripletLoss(),
            lambda parameters: torch.optim.SGD(parameters, lr=0.1),
            lambda optimizer: torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0),
        )
        self.validation = validation
        self.encoded: list[list[int]] = []
        self.measured = 0

    def on_validation_epoch_start(self) -> None:
        super().on_validation_epoch_start()
        self.encoded.append([])

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        super().validation_step(batch, batch_idx)
        self.encoded[-1] += batch.index.tolist()

    def _measured(self, shares: Any) -> dict[str, float]:
        self.measured += 1
        return super()._measured(shares)


class Alone(pl.Callback):
    """At each validation rank 0 encodes and measures all images by itself, one batch after the other."""

    def __init__(self, images: Noise, batch_size: int, queries: int | None) -> None:
        self.images, self.batch_size, self.queries = images, batch_size, queries
        self.expected: list[dict[str, float]] = []
        self.logged: list[dict[str, float]] = []

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Seen)
        metrics = trainer.callback_metrics.items()
        self.logged.append({name: value.item() for name, value in metrics if name.startswith("validation/")})
        if not trainer.is_global_zero:
            return
        parts, readable = [], []
        for start in range(0, 60, self.batch_size):
            good = [i for i in range(start, min(start + self.batch_size, 60)) if i not in UNREADABLE]
            if good:
                parts.append(pl_module.embedder(self.images.images[good].float().div(255)))
            readable += good
        embeddings, identity = torch.cat(parts).numpy(), self.images.identity[readable]
        first, second, same, fold = balanced_pairs(identity, folds=10, pairs_per_fold=600, seed=0)
        scores = query_scores(embeddings, identity, queries=self.queries)
        expected = {
            "validation/accuracy": fold_accuracy(EUCLIDEAN.pairs(embeddings, first, second), same, fold).mean,
            "validation/precision@1": scores.precision_at_1.mean(),
            "validation/map@r": scores.map_at_r.mean(),
        }
        self.expected.append({name: float(np.float32(value)) for name, value in expected.items()})


def fitted(task: Seen, images: Noise, batch_size: int, *, queries: int | None = None, **more: Any) -> Alone:
    """Train three steps of two batches each, with a validation after each batch."""
    data = IdentityDataModule(
        SkippingUnreadable(Noise(set())),
        SkippingUnreadable(images),
        identities=8,
        images=3,
        within_group=0.0,
        augment=KeyedAugment([], seed=0),
        seed=0,
        eval_batch_size=batch_size,
        workers=0,
        pin_memory=False,
        channels_last=False,
    )
    alone = Alone(images, batch_size, queries)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=3,
        accumulate_grad_batches=2,  # so that half of the validations are in the midst of a step
        val_check_interval=1,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        logger=False,
        callbacks=[alone],
        **more,
    )
    trainer.fit(task, data)
    return alone


class Uncomparable(Seen):
    """Has a fault of its own, which rank 0 meets where it measures."""

    @property
    def comparison(self) -> Comparison:  # type: ignore[override]
        raise RuntimeError("a fault of ours")


class Diverged(Seen):
    """Encodes what is not a number, where rank 1 does it."""

    def forward(self, images: Tensor) -> Tensor:
        encodings = super().forward(images)
        return encodings if self.training or self.global_rank == 0 else encodings * float("nan")


def _rank(rank: int, port: int, folder: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "LOCAL_RANK": rank}.items():
            patch.setenv(name, str(value))
        left: dict[str, Any] = {}
        for case, batch_size in BATCH_SIZES.items():
            task = Seen(Validation())
            alone = fitted(task, Noise(UNREADABLE), batch_size, **_ranks())
            left[case] = {
                "encoded": task.encoded,
                "measured": task.measured,
                "logged": alone.logged,
                "expected": alone.expected,
            }
        for kind in (Uncomparable, Diverged):
            with pytest.raises((RuntimeError, LikenessError)) as raised:
                fitted(kind(Validation()), Noise(set()), 9, **_ranks())
            left[kind.__name__] = [type(raised.value).__name__, str(raised.value)]
        answer = measured_once(lambda shares: [len(shares), *shares], rank + 5)
        Path(folder, f"{rank}.json").write_text(json.dumps({**left, "answer": answer}))


def _ranks() -> dict[str, Any]:
    """Two processes, of which none waits for long for another that does not come."""
    strategy = DDPStrategy(
        cluster_environment=LightningEnvironment(),
        process_group_backend="gloo",
        timeout=timedelta(seconds=60),
    )
    return {"devices": WORLD, "strategy": strategy}


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    call_in_ranks(WORLD, _rank, port, str(folder))
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(WORLD)]


@pytest.mark.parametrize("case", BATCH_SIZES)
def test_two_processes_log_what_one_measures_of_all_images(case: str, ranks: list[dict[str, Any]]) -> None:
    first, second = (rank[case] for rank in ranks)
    assert len(first["expected"]) == 6
    assert len({json.dumps(metrics) for metrics in first["expected"]}) > 1
    assert first["logged"] == second["logged"] == first["expected"]
    assert (first["measured"], second["measured"]) == (6, 0)


@pytest.mark.parametrize("case", BATCH_SIZES)
def test_each_readable_image_is_encoded_once(case: str, ranks: list[dict[str, Any]]) -> None:
    readable = [index for index in range(60) if index not in UNREADABLE]
    shares = list(zip(*(rank[case]["encoded"] for rank in ranks), strict=True))
    for first, second in shares:
        assert sorted(first + second) == readable
        assert abs(len(first) - len(second)) <= BATCH_SIZES[case]


def test_a_failure_of_rank_0_ends_both(ranks: list[dict[str, Any]]) -> None:
    assert ranks[0]["Uncomparable"] == ["RuntimeError", "a fault of ours"]
    name, said = ranks[1]["Uncomparable"]
    assert name == "LikenessError"
    assert (
        said == "Rank 0 can't measure for all ranks (RuntimeError: a fault of ours); its traceback is above."
    )


def test_what_a_user_can_mend_is_said_by_both(ranks: list[dict[str, Any]]) -> None:
    assert ranks[0]["Diverged"] == ranks[1]["Diverged"]
    name, said = ranks[0]["Diverged"]
    assert name == "LikenessError"
    assert said.startswith("The embeddings are not numbers after step 0; lower optimizer.lr")


def test_shares_meet_in_the_order_of_the_ranks(ranks: list[dict[str, Any]]) -> None:
    assert [rank["answer"] for rank in ranks] == [[2, 5, 6]] * 2


@pytest.mark.parametrize("queries", [None, 7])
def test_one_process_measures_all_or_as_many_queries_as_are_asked_for(queries: int | None) -> None:
    task = Seen(Validation() if queries is None else Validation(queries=queries))
    alone = fitted(task, Noise(UNREADABLE), 9, queries=queries, devices=1)
    assert alone.logged == alone.expected
    assert task.encoded == [[index for index in range(60) if index not in UNREADABLE]] * 6


def test_without_a_number_of_queries_the_cost_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def noting(*arguments: Any, queries: int | None = None) -> Any:
        asked.append(queries)
        return query_scores(*arguments, queries=queries)

    monkeypatch.setattr("likeness.tasks.encoding.query_scores", noting)
    fitted(Seen(Validation()), Noise(set()), 60, devices=1)
    assert asked == [QUERIES] * 6
