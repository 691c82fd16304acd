"""Parts of other packages, called once on a small batch, so that what they do wrong is told before training."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.outside import Outside
from likeness.errors import LikenessError
from likeness.models.similarity import PairHead
from likeness.recipes.embedding.build import Networks
from likeness.spatial import sides
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.loss_terms import loss_and_metrics


def refuse_misfits(config: EmbeddingConfig, networks: Networks, task: EncodingTask) -> None:
    """Raise a LikenessError where a backbone, head or loss of another package does not give what is asked of it.

    What such a part raises itself is raised: its author wants the traceback.

    Args:
        config: the configuration.
        networks: which may change.
        task: at step 0, which may change.
    """
    backbone, head, loss = config.backbone, config.head, config.loss
    if isinstance(backbone, Outside):
        _refuse_features(backbone, networks)
    batch, dimensions = config.sampler.identities * config.sampler.images, networks.embedder.embedding_dim
    embedding = functional.normalize(torch.randn(batch, dimensions)).requires_grad_()
    if isinstance(head, Outside):
        given = networks.head(embedding, embedding[:2]) if isinstance(networks.head, PairHead) else None
        if given is None:
            raise _misfit("head", head, "is no likeness.models.similarity.PairHead; derive it from that")
        if given.shape != (batch, 2):
            said = (
                f"gives {list(given.shape)} for {batch} embeddings and 2 others; give log odds [{batch}, 2]"
            )
            raise _misfit("head", head, said)
    if isinstance(loss, Outside) and not isinstance(
        config.task, Outside
    ):  # another's task may ask for another loss
        identity = torch.arange(config.sampler.identities).repeat_interleave(config.sampler.images)
        values = embedding if networks.head is None else networks.head(embedding, embedding)
        _refuse_loss(loss, task.loss(values, identity))


def _refuse_features(backbone: Outside, networks: Networks) -> None:
    module: Any = networks.embedder.backbone
    wanted = [2, module.feature_dim]
    channels, size = backbone.values["channels"], backbone.values["spatial_size"]
    with torch.no_grad():
        features = module.eval()(torch.zeros(2, channels, *sides(size)))
    if list(features.shape) != wanted:
        said = f"gives features {list(features.shape)} of 2 images; its feature_dim promises {wanted}"
        raise _misfit("backbone", backbone, said)


def _refuse_loss(loss: Outside, output: Any) -> None:
    try:
        value, _ = loss_and_metrics(output)
    except TypeError as error:
        raise _misfit("loss", loss, f"won't do: {error}") from error
    if not isinstance(value, Tensor) or value.ndim or not value.is_floating_point():
        raise _misfit("loss", loss, "gives no single number; give a floating-point tensor with no axis")


def _misfit(group: str, node: Outside, said: str) -> LikenessError:
    return LikenessError(f"{group}._target_={node.target} {said}.")
