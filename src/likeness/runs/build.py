"""From a checked configuration to the parts of a run."""

from pathlib import Path
from typing import NamedTuple

import torch
from omegaconf import DictConfig
from torch import nn

from likeness.config.make import make
from likeness.data.augment import KeyedAugment
from likeness.data.datamodule import IdentityDataModule
from likeness.data.pictures import DataSplits, Pairs, Pictures
from likeness.data.skipping import SkippingBroken
from likeness.errors import LikenessError
from likeness.evaluation import balanced_pairs
from likeness.randomness import key
from likeness.runs.measuring.measure import TestData
from likeness.runs.training.checkpoints import newest_checkpoint
from likeness.tasks.embedding import EmbeddingTask


class ReadableSplits(NamedTuple):
    """The splits of some data, of which broken pictures are left out and told at the end."""

    train: SkippingBroken | None
    validation: SkippingBroken | None
    test: SkippingBroken | None
    pairs: Pairs | None
    all_known: bool


def build_data(node: DictConfig) -> ReadableSplits:
    """The data that a `data` node names, none of whose pictures is read yet."""
    splits: DataSplits = make(node)
    return ReadableSplits(
        _readable(splits.train),
        _readable(splits.validation),
        _readable(splits.test),
        splits.pairs,
        splits.all_known,
    )


def _readable(pictures: Pictures | None) -> SkippingBroken | None:
    return None if pictures is None else SkippingBroken(pictures)


def test_data(splits: ReadableSplits, config: DictConfig) -> TestData:
    """What there is to measure on: the data's own pairs, or balanced ones that are drawn by the seed.

    Raises:
        LikenessError: no person was kept for the test, or too few for the pairs.
    """
    if splits.test is None:
        raise LikenessError(
            "Nobody is left to test on: give the third share of data.split something, or test on other data "
            "with data@test_data=NAME."
        )
    pairs = splits.pairs or drawn_pairs(splits.test, config)
    return TestData(splits.test, pairs, splits.all_known)


def drawn_pairs(pictures: Pictures, config: DictConfig) -> Pairs:
    """Balanced pairs of `pictures`, as many as `config.evaluation` says.

    Raises:
        LikenessError: there are too few pictures or people for that.
    """
    settings = config.evaluation
    try:
        drawn = balanced_pairs(
            pictures.identity,
            folds=settings.folds,
            pairs_per_fold=settings.pairs // settings.folds,
            seed=config.seed,
        )
    except ValueError as error:
        raise LikenessError(
            f"The {len(pictures)} pictures kept from training are too few to measure on ({error}); "
            "add pictures, or give them a larger share with data.split."
        ) from error
    return Pairs(*drawn)


def build_task(config: DictConfig) -> EmbeddingTask:
    """The task on a fresh embedder.

    Raises:
        LikenessError: a part refuses its values.
    """
    task = make(config.task)(
        embedder=build_embedder(config),
        loss=make(config.loss),
        optimizer=make(config.optimizer, fused=_fused(config)),
        scheduler=make(config.scheduler),
    )
    built: EmbeddingTask = task
    try:
        built.configure_optimizers()
    except (ValueError, ZeroDivisionError, RuntimeError) as error:
        raise LikenessError(f"The optimizer or its scheduler can't be set up so: {error}.") from error
    return built


def _fused(config: DictConfig) -> bool:
    """Whether the optimizer updates all weights in one kernel: as configured, else where a GPU trains."""
    chosen: bool | None = config.optimizer.fused
    return torch.cuda.is_available() and config.trainer.accelerator != "cpu" if chosen is None else chosen


def build_embedder(config: DictConfig) -> nn.Module:
    """f(x) with weights drawn by the seed, but for those that the backbone brings."""
    torch.manual_seed(key("weights", config.seed))
    backbone = make(config.backbone)
    embedder: nn.Module = make(config.embedder)(backbone)
    return embedder


def build_trained(config: DictConfig, run: Path) -> nn.Module:
    """f(x) with the weights of a run's last checkpoint.

    Raises:
        LikenessError: there is no good checkpoint, or it belongs to another network.
    """
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise LikenessError(f"{run} has no checkpoint that can be read; has this run trained?")
    embedder = build_embedder(config)
    weights = checkpoint.weights.items()
    own = {name.removeprefix("embedder."): value for name, value in weights if name.startswith("embedder.")}
    try:
        embedder.load_state_dict(own)
    except RuntimeError as error:
        raise LikenessError(
            f"The checkpoints of {run} hold another network's weights than its config.yaml describes."
        ) from error
    return embedder


def build_datamodule(config: DictConfig, splits: ReadableSplits) -> IdentityDataModule:
    """Training batches and validation pictures.

    Raises:
        LikenessError: data that has nothing to train on, or that can't fill a batch.
    """
    if splits.train is None:
        raise LikenessError(
            "These data leave nobody to train on; give the first share of data.split something, or train on other "
            "data and test on these, as in data=celeba_all data@test_data=lfw."
        )
    datamodule = IdentityDataModule(
        splits.train,
        splits.validation,
        identities=config.sampler.identities,
        images=config.sampler.images,
        augment=KeyedAugment(
            [make(node) for node in config.augment.values() if node is not None],
            seed=config.seed,
        ),
        seed=config.seed,
        eval_batch_size=config.evaluation.batch_size,
        workers=config.loader.workers,
        pin_memory=config.loader.pin_memory,
        channels_last=config.channels_last,
    )
    if splits.validation is not None:
        drawn_pairs(splits.validation, config)  # as validation will have to
    datamodule.schedule()  # says before anything starts what the pictures can't fill
    return datamodule
