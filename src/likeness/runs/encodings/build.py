"""From a checked configuration to the parts of a run."""

from pathlib import Path
from typing import NamedTuple

import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from likeness.config.make import make, make_data
from likeness.data.augment import KeyedAugment
from likeness.data.datamodule import IdentityDataModule
from likeness.data.pictures import DataSplits, Pairs, Pictures, Trials
from likeness.data.skipping import SkippingBroken
from likeness.errors import LikenessError
from likeness.evaluation import (
    EUCLIDEAN,
    Comparison,
    Episodes,
    balanced_pairs,
    episodes_across,
    episodes_within,
    trials_as_episodes,
)
from likeness.models.embedder import Embedder
from likeness.models.similarity import SimilarityHead
from likeness.randomness import key
from likeness.runs.encodings.measuring.measure import TestData
from likeness.runs.optimizers import optimizer_of, refuse_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.comparison import by_head
from likeness.tasks.encoding import EncodingTask


class Networks(NamedTuple):
    """What a task trains: f(x), and a head that judges two encodings, or None where their distance does."""

    embedder: Embedder
    head: SimilarityHead | None

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The networks that there are, by their names in a task and in its checkpoints."""
        return {name: part for name, part in self._asdict().items() if part is not None}

    @property
    def comparison(self) -> Comparison:
        """By what two encodings `embedder.in_turns` are held apart."""
        return EUCLIDEAN if self.head is None else by_head(self.head.repeated(self.embedder.turns))

    def ready(self, device: torch.device) -> "Networks":
        """The same on a device, to be measured."""
        for part in self.parts.values():
            part.to(device).eval()
        return self


class ReadableSplits(NamedTuple):
    """The splits of some data, of which broken pictures are left out and told at the end."""

    train: SkippingBroken | None
    validation: SkippingBroken | None
    test: SkippingBroken | None
    pairs: Pairs | None
    all_known: bool
    trials: Trials | None


def build_data(node: DictConfig) -> ReadableSplits:
    """The data that a `data` node names, none of whose pictures is read yet."""
    splits: DataSplits = make_data(node)
    return ReadableSplits(
        _readable(splits.train),
        _readable(splits.validation),
        _readable(splits.test),
        splits.pairs,
        splits.all_known,
        splits.trials,
    )


def _readable(pictures: Pictures | None) -> SkippingBroken | None:
    return None if pictures is None else SkippingBroken(pictures)


def test_data(splits: ReadableSplits, config: DictConfig) -> TestData:
    """What there is to measure on: the data's own pairs and trials, or such as are drawn by the seed.

    Raises:
        LikenessError: no person was kept for the test, or too few for the pairs or the episodes.
    """
    if splits.test is None:
        raise LikenessError(
            "Nobody is left to test on: give the third share of data.split something, or test on other data "
            "with data@test_data=NAME."
        )
    pairs = splits.pairs or drawn_pairs(splits.test, config)
    return TestData(splits.test, pairs, splits.all_known, _episodes(splits, config))


def _episodes(splits: ReadableSplits, config: DictConfig) -> dict[str, Episodes]:
    """By their kind the episodes to measure on: the data's own trials, and what `config.episodes` asks for."""
    found: dict[str, Episodes] = {}
    if splits.trials is not None:
        trials = splits.trials
        found["trials"] = trials_as_episodes(trials.support, trials.query)
    settings, tested = config.get("episodes"), splits.test
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
            f"The episodes can't be drawn from the test pictures: {error}; lower episodes.ways or episodes.shots."
        ) from None
    return found


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


def build_task(config: DictConfig) -> EncodingTask:
    """The task on fresh networks.

    Raises:
        LikenessError: a part refuses its values.
    """
    networks = build_networks(config)
    own = OmegaConf.masked_copy(config.task, [name for name in config.task if name != "encoder"])
    task: EncodingTask = make(own)(**networks.parts, loss=make(config.loss), **optimizer_of(config))
    refuse_optimizer(task)
    return task


def build_networks(config: DictConfig) -> Networks:
    """f(x), and the head on it where there is one, as they are before training.

    Their weights are drawn by the seed, or brought by the backbone, or by the run whose encoder `task.encoder` names.

    Raises:
        LikenessError: that run has no good checkpoint, or another network.
    """
    networks = build_untrained(config)
    if run := OmegaConf.select(config, "task.encoder"):
        load_part(networks.embedder, "embedder", checkpoint_of(Path(run)), run)
    return networks


def build_trained(config: DictConfig, run: Path) -> Networks:
    """The networks with the weights of a run's last checkpoint.

    Raises:
        LikenessError: there is no good checkpoint, or it belongs to another network.
    """
    checkpoint, networks = checkpoint_of(run), build_untrained(config)
    for name, network in networks.parts.items():
        load_part(network, name, checkpoint, run)
    return networks


def build_untrained(config: DictConfig) -> Networks:
    """The networks with the weights that the seed draws, or that the backbone brings."""
    torch.manual_seed(key("weights", config.seed))
    embedder: Embedder = make(config.embedder)(make(config.backbone))
    head = make(config.head, embedding_dim=embedder.embedding_dim) if config.get("head") else None
    return Networks(embedder, head)


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
        within_group=config.sampler.get("within_group", 0.0),
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
