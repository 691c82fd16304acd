"""The networks of a run: drawn by its seed, or with the weights of its checkpoint."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from likeness.config.make import asks_for, make, make_with, told
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.networks import OfAnyRank
from likeness.data.statistics import Statistics
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN, Comparison
from likeness.models.backbone import Backbone
from likeness.models.embedder import Embedder
from likeness.models.similarity import PairHead
from likeness.randomness import key
from likeness.recipes.embedding.readable import build_data
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.comparison import by_head


def takes_statistics_of_data(config: EmbeddingConfig) -> bool:
    """Whether the backbone is to normalise by the statistics of the training data."""
    return isinstance(config.backbone, OfAnyRank) and config.backbone.mean is None


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


def build_trained(config: EmbeddingConfig, run: Path, step: int | None = None) -> Networks:
    """The networks of a configuration, with the weights that a run hands on, or those of a `step`.

    Raises:
        LikenessError: there is no good checkpoint, or it belongs to another network.
    """
    return load_trained(build_to_load(config), run, step)


def build_to_load(config: EmbeddingConfig) -> Networks:
    """The networks of a configuration, to be given all their weights: the backbone begins with none of its own."""
    backbone = config.backbone
    if getattr(backbone, "weights", None) is not None:
        backbone = backbone.model_copy(update={"weights": None})
    return build_networks(config.model_copy(update={"backbone": backbone}))


def load_trained(networks: Networks, run: Path, step: int | None = None) -> Networks:
    """Give networks the weights that a run hands on, or those of a `step`; raises as `build_trained` does."""
    checkpoint = checkpoint_of(run, step)
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


def normalise_by(networks: Networks, statistics: Statistics | None) -> None:
    """Have the backbone normalise by the statistics of the data; nothing where its own are known (None)."""
    if statistics is not None:
        networks.embedder.backbone.normalise_by(statistics.mean, statistics.std)


def _backbone(config: EmbeddingConfig) -> Backbone:
    node = config.backbone
    if takes_statistics_of_data(config):  # until they are known, or come with a run's weights
        channels = node.channels
        node = node.model_copy(update={"mean": [0.0] * channels, "std": [1.0] * channels})
    backbone: Backbone = make(node)
    if not isinstance(backbone, nn.Module) or not isinstance(getattr(backbone, "feature_dim", None), int):
        raise LikenessError(
            f"backbone._target_={config.backbone.target} gives no backbone, which is a torch module with an attribute "
            "feature_dim, the number of its features."
        )
    if node is not config.backbone:
        backbone.normalise_by(torch.zeros(node.channels), torch.ones(node.channels))
    return backbone
