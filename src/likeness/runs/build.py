"""From a checked configuration to the parts of a run."""

from typing import NamedTuple

import torch
from omegaconf import DictConfig
from torch import nn

from likeness.config.make import make
from likeness.data.augment import keyed_augment
from likeness.data.datamodule import IdentityDataModule
from likeness.data.pictures import DataSplits, Pairs, Pictures
from likeness.data.skipping import SkippingBroken
from likeness.errors import LikenessError
from likeness.randomness import key
from likeness.runs.measure import TestData
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


def test_data(splits: ReadableSplits) -> TestData:
    """What there is to measure on.

    Raises:
        LikenessError: no person was kept for the test.
    """
    if splits.test is None:
        raise LikenessError(
            "Nobody is left to test on: give the third share of data.split something, or test on other data "
            "with data@test_data=NAME."
        )
    return TestData(splits.test, splits.pairs, splits.all_known)


def build_task(config: DictConfig) -> EmbeddingTask:
    """The task on a fresh embedder."""
    task = make(config.task)(
        embedder=build_embedder(config),
        loss=make(config.loss),
        optimizer=make(config.optimizer),
        scheduler=make(config.scheduler),
    )
    built: EmbeddingTask = task
    return built


def build_embedder(config: DictConfig) -> nn.Module:
    """f(x) with weights drawn by the seed, but for those that the backbone brings."""
    torch.manual_seed(key("weights", config.seed))
    backbone = make(config.backbone)
    embedder: nn.Module = make(config.embedder)(backbone)
    return embedder


def build_datamodule(config: DictConfig, splits: ReadableSplits) -> IdentityDataModule:
    """Training batches and validation pictures.

    Raises:
        LikenessError: data that has nothing to train on, or that can't fill a batch.
    """
    if splits.train is None:
        raise LikenessError(
            "This data is for testing only; train on another and test on it, as in data=celeba data@test_data=lfw."
        )
    datamodule = IdentityDataModule(
        splits.train,
        splits.validation,
        identities=config.sampler.identities,
        images=config.sampler.images,
        augment=keyed_augment(
            [make(node) for node in config.augment.values() if node is not None],
            seed=config.seed,
        ),
        seed=config.seed,
        eval_batch_size=config.evaluation.batch_size,
        workers=config.loader.workers,
        pin_memory=config.loader.pin_memory,
        channels_last=config.channels_last,
    )
    datamodule.schedule()  # says before anything starts what the pictures can't fill
    return datamodule
