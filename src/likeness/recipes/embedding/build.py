"""From a checked configuration to the parts of a run."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from likeness.config.make import make, make_with, told
from likeness.config.schema.embedding import EmbeddingConfig, EvaluateConfig
from likeness.config.schema.training import SimilarityTask
from likeness.data.augment import KeyedAugment
from likeness.data.datamodule import IdentityDataModule
from likeness.data.images import Images, Pairs
from likeness.errors import LikenessError
from likeness.evaluation import (
    Episodes,
    balanced_pairs,
    episodes_across,
    episodes_within,
    trials_as_episodes,
)
from likeness.randomness import generator, key
from likeness.recipes.embedding.identification import identification_of
from likeness.recipes.embedding.measure import TestData
from likeness.recipes.embedding.networks import Networks
from likeness.recipes.embedding.readable import ReadableSplits
from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.encoding import EncodingTask


def test_data(splits: ReadableSplits, config: EmbeddingConfig | EvaluateConfig) -> TestData:
    """What there is to measure on: the data's own pairs and trials, or such as are drawn by the seed.

    Raises:
        LikenessError: no identity was kept for the test, or too few for the pairs or the episodes.
    """
    if splits.test is None:
        raise LikenessError(
            "No identity is left to test on: give the third share of data.split something, or test on other data "
            "with data@test_data=NAME."
        )
    pairs = splits.pairs or drawn_pairs(splits.test, config, splits.contexts)
    return TestData(
        splits.test,
        pairs,
        splits.all_known,
        _episodes(splits, config),
        identification_of(config.identification, splits.test),
        make(config.clustering) if isinstance(config, EvaluateConfig) and config.clustering else None,
        splits.train if splits.closed_set else None,
    )


def _episodes(splits: ReadableSplits, config: EmbeddingConfig | EvaluateConfig) -> dict[str, Episodes]:
    """By their kind the episodes to measure on: the data's own trials, and what `config.episodes` asks for."""
    found: dict[str, Episodes] = {}
    if splits.trials is not None:
        trials = splits.trials
        found["trials"] = trials_as_episodes(trials.support, trials.query)
    settings, tested = config.episodes, splits.test
    if settings is None or tested is None or not splits.all_known:
        return found
    wanted = {"ways": settings.ways, "shots": settings.shots, "episodes": settings.count, "seed": config.seed}
    try:
        if tested.grouping is not None:
            group, drawer, _ = tested.grouping
            found["within"] = episodes_within(tested.identity, group, drawer, **wanted)
        found["across"] = episodes_across(tested.identity, **wanted)
    except ValueError as error:
        raise LikenessError(
            f"The episodes can't be drawn from the test images: {error}; lower episodes.ways or episodes.shots."
        ) from None
    return found


def drawn_pairs(
    samples: Images,
    config: EmbeddingConfig | EvaluateConfig,
    contexts: NDArray[np.int64] | None = None,
) -> Pairs:
    """Balanced pairs of `samples`, as many as `config.evaluation` says, each of two of their `contexts [N]`.

    Raises:
        LikenessError: there are too few images or identities for that.
    """
    settings = config.evaluation
    try:
        drawn = balanced_pairs(
            samples.identity,
            folds=settings.folds,
            pairs_per_fold=settings.pairs // settings.folds,
            seed=config.seed,
            context=contexts,
        )
    except ValueError as error:
        raise LikenessError(
            f"The {len(samples)} images kept from training are too few to measure on ({error}); "
            "add images, or give them a larger share with data.split."
        ) from error
    return Pairs(*drawn)


def build_task(config: EmbeddingConfig, networks: Networks, splits: ReadableSplits) -> EncodingTask:
    """The task at step 0, on networks that it may change; they begin with the encoder of the run `task.encoder`.

    Raises:
        LikenessError: a part refuses its values, or that run has no good checkpoint, or another network.
    """
    if run := begun_with(config):
        load_part(networks.embedder, "embedder", checkpoint_of(Path(run)), run)
    torch.manual_seed(key("loss", config.seed))
    sizes = {"classes": splits.classes, "embedding_dim": networks.embedder.embedding_dim}
    miner = {"miner": make(config.miner)} if config.miner and config.miner.name else {}
    loss = make_with(config.loss, **sizes, **miner)
    optimizer = optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator)
    with told(config.task):
        task: EncodingTask = make(config.task)(**networks.parts, loss=loss, **optimizer)
    set_up_optimizer(task, config.optimizer, trunk_of(task))
    return task


def trunk_of(task: EncodingTask) -> nn.Module:
    """The network of the backbone, without what normalises its input."""
    backbone: nn.Module = task.embedder.get_submodule("backbone")
    network = getattr(backbone, "network", None)
    return network if isinstance(network, nn.Module) else backbone


def begun_with(config: EmbeddingConfig) -> str | None:
    """The folder of the run whose encoder a run begins with, or None."""
    return config.task.encoder if isinstance(config.task, SimilarityTask) else None


def build_datamodule(config: EmbeddingConfig, splits: ReadableSplits) -> IdentityDataModule:
    """Training batches and validation images.

    Raises:
        LikenessError: data that has nothing to train on, or that can't fill a batch.
    """
    if splits.train is None:
        raise LikenessError(
            "These data leave no identity to train on; give the first share of data.split something, or train on other "
            "data and test on these, as in data=celeba_all data@test_data=lfw."
        )
    watched = _watched(splits.validation, config) if splits.validation is not None else None
    datamodule = IdentityDataModule(
        splits.train,
        splits.validation,
        identities=config.sampler.identities,
        images=config.sampler.images,
        within_group=config.sampler.within_group,
        augment=KeyedAugment(
            [make(node) for node in config.augment.values() if node is not None],
            seed=config.seed,
        ),
        seed=config.seed,
        eval_batch_size=config.evaluation.batch_size,
        workers=config.loader.workers,
        pin_memory=config.loader.pin_memory,
        channels_last=config.channels_last,
        watched=watched,
    )
    if splits.validation is not None:
        drawn_pairs(splits.validation, config)  # as validation will have to
    with told(config.sampler):  # before anything starts, what the images can't fill
        datamodule.schedule()
    return datamodule


def _watched(validation: Images, config: EmbeddingConfig) -> list[int] | None:
    """The images of as many validation identities as the training validates on, drawn by the seed; None: of all.

    Raises:
        LikenessError: these are too few to be told apart.
    """
    wanted, identities = config.evaluation.validation_identities, np.unique(validation.identity)
    if wanted is None or wanted >= len(identities):
        return None
    chosen = generator("validation identities", config.seed).permutation(identities)[:wanted]
    indices = np.flatnonzero(np.isin(validation.identity, chosen))
    try:
        balanced_pairs(validation.identity[indices], folds=10, pairs_per_fold=2, seed=0)
    except ValueError as error:
        raise LikenessError(
            f"The images of evaluation.validation_identities={wanted} are too few to validate on ({error}); ask for "
            "more."
        ) from error
    found: list[int] = indices.tolist()
    return found
