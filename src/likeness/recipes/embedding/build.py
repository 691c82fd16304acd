"""From a checked configuration to the parts of a run."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from likeness.config.make import asks_for, make, make_with, told
from likeness.config.schema.base import Node
from likeness.config.schema.embedding import EmbeddingConfig, EvaluateConfig
from likeness.config.schema.training import SimilarityTask
from likeness.data.augment import KeyedAugment
from likeness.data.datamodule import IdentityDataModule
from likeness.data.images import DataSplits, Images, Pairs, Trials
from likeness.data.skipping import SkippingUnreadable
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
from likeness.models.backbone import Backbone
from likeness.models.embedder import Embedder
from likeness.models.similarity import PairHead
from likeness.randomness import key
from likeness.recipes.embedding.identification import identification_of
from likeness.recipes.embedding.measure import TestData
from likeness.recipes.optimizers import optimizer_of, refuse_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.comparison import by_head
from likeness.tasks.encoding import EncodingTask


class Networks(NamedTuple):
    """What a task trains: f(x), and a head that compares two embeddings, or None where their distance does."""

    embedder: Embedder
    head: PairHead | None

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The networks that there are, by their names in a task and in its checkpoints."""
        return {name: part for name, part in self._asdict().items() if part is not None}

    @property
    def weights(self) -> dict[str, Tensor]:
        """Those of all networks, each by the name of its network and its own."""
        return {
            f"{name}.{key}": value
            for name, part in self.parts.items()
            for key, value in part.state_dict().items()
        }

    @property
    def comparison(self) -> Comparison:
        """By what two embeddings of `embedder.encode_views` are compared."""
        return EUCLIDEAN if self.head is None else by_head(self.head.repeated(self.embedder.views))

    def ready(self, device: torch.device) -> "Networks":
        """The same on a device, to be measured."""
        for part in self.parts.values():
            part.to(device).eval()
        return self


class ReadableSplits(NamedTuple):
    """The splits of some data, of which unreadable images are left out and told at the end."""

    train: SkippingUnreadable | None
    validation: SkippingUnreadable | None
    test: SkippingUnreadable | None
    pairs: Pairs | None
    all_known: bool
    trials: Trials | None

    @property
    def classes(self) -> int:
        """The number of identities to train on."""
        return 0 if self.train is None else int(self.train.identity.max(initial=-1)) + 1


def build_data(node: Node) -> ReadableSplits:
    """The data that a `data` node names, none of whose images is read yet."""
    splits: DataSplits = make(node)
    if not isinstance(splits, DataSplits):
        raise LikenessError(
            f"data._target_={node.plain()['_target_']} gives no data, which are a likeness.data.images.DataSplits."
        )
    return ReadableSplits(
        _readable(splits.train),
        _readable(splits.validation),
        _readable(splits.test),
        splits.pairs,
        splits.all_known,
        splits.trials,
    )


def _readable(samples: Images | None) -> SkippingUnreadable | None:
    return None if samples is None else SkippingUnreadable(samples)


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
    pairs = splits.pairs or drawn_pairs(splits.test, config)
    return TestData(
        splits.test,
        pairs,
        splits.all_known,
        _episodes(splits, config),
        identification_of(config.identification, splits.test),
        make(config.clustering) if isinstance(config, EvaluateConfig) and config.clustering else None,
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


def drawn_pairs(samples: Images, config: EmbeddingConfig | EvaluateConfig) -> Pairs:
    """Balanced pairs of `samples`, as many as `config.evaluation` says.

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
    refuse_optimizer(task)
    return task


def begun_with(config: EmbeddingConfig) -> str | None:
    """The folder of the run whose encoder a run begins with, or None."""
    return config.task.encoder if isinstance(config.task, SimilarityTask) else None


def build_trained(config: EmbeddingConfig, run: Path) -> Networks:
    """The networks of a configuration, with the weights of a run's last checkpoint.

    Raises:
        LikenessError: there is no good checkpoint, or it belongs to another network.
    """
    backbone = config.backbone
    if getattr(backbone, "weights", None) is not None:  # the checkpoint has them all
        backbone = backbone.model_copy(update={"weights": None})
    return load_trained(build_networks(config.model_copy(update={"backbone": backbone})), run)


def load_trained(networks: Networks, run: Path) -> Networks:
    """Give networks the weights of a run's last checkpoint; raises as `build_trained` does."""
    checkpoint = checkpoint_of(run)
    for name, network in networks.parts.items():
        load_part(network, name, checkpoint, run)
    return networks


def build_networks(config: EmbeddingConfig) -> Networks:
    """f(x), and the head on it where there is one, with weights that the seed draws, or that the backbone brings."""
    torch.manual_seed(key("weights", config.seed))
    backbone = _backbone(config)
    with told(config.embedder):
        embedder: Embedder = make(config.embedder)(backbone)
    if config.head is None:
        return Networks(embedder, None)
    classes = build_data(config.data).classes if asks_for(config.head, "classes") else None
    return Networks(embedder, make_with(config.head, embedding_dim=embedder.embedding_dim, classes=classes))


def _backbone(config: EmbeddingConfig) -> Backbone:
    backbone: Backbone = make(config.backbone)
    if not isinstance(backbone, nn.Module) or not isinstance(getattr(backbone, "feature_dim", None), int):
        raise LikenessError(
            f"backbone._target_={config.backbone.target} gives no backbone, which is a torch module with an attribute "
            "feature_dim, the number of its features."
        )
    return backbone


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
    )
    if splits.validation is not None:
        drawn_pairs(splits.validation, config)  # as validation will have to
    with told(config.sampler):  # before anything starts, what the images can't fill
        datamodule.schedule()
    return datamodule
