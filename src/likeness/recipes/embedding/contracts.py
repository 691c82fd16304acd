"""Parts of other packages, called once on a small batch, so that what they do wrong is told before training."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from likeness.config.make import make
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.outside import Outside
from likeness.errors import LikenessError
from likeness.models.similarity import PairHead
from likeness.recipes.embedding.networks import Networks
from likeness.spatial import sides
from likeness.tasks.encoding import EncodingTask
from likeness.tasks.loss_terms import loss_and_metrics


def refuse_misfits(config: EmbeddingConfig, networks: Networks, task: EncodingTask, classes: int) -> None:
    """Raise a LikenessError where a part of another package does not give what is asked of it.

    These are an augmentation, a backbone, a head and a loss.

    What such a part raises itself is raised: its author wants the traceback.

    Args:
        config: the configuration.
        networks: which may change.
        task: at step 0, which may change.
        classes: the number of identities to train on.
    """
    for name, augmentation in config.augment.items():
        if isinstance(augmentation, Outside):
            _refuse_image(name, augmentation, config.backbone)
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
        known = loss.values.get("classes")
        if isinstance(known, int) and known < classes:
            said = f"has loss.classes={known} for {classes} identities to train on; leave it out"
            raise _misfit("loss", loss, said)
        identity = torch.arange(config.sampler.identities).repeat_interleave(config.sampler.images)
        _refuse_loss(loss, _loss_of(loss, task, networks.head, embedding, identity))


def _refuse_image(name: str, augmentation: Outside, backbone: Any) -> None:
    sample = torch.randint(0, 256, (backbone.channels, *sides(backbone.spatial_size)), dtype=torch.uint8)
    given = make(augmentation)(sample.clone())
    if not isinstance(given, Tensor) or (given.dtype, given.shape) != (sample.dtype, sample.shape):
        said = f"gives {_shown(given)} of an image {_shown(sample)}; give one of the same kind and shape"
        raise _misfit(f"augment.{name}", augmentation, said)


def _loss_of(loss: Outside, task: Any, head: PairHead | None, embedding: Tensor, identity: Tensor) -> Any:
    """What a loss gives, of the log odds of a head where there is one."""
    if head is None:
        return task.loss(embedding, identity)
    try:
        return task.loss(head(embedding, embedding), identity)
    except Exception as error:
        try:
            task.loss(embedding, identity)
        except Exception:
            raise error from None
        said = (
            f"takes embeddings {list(embedding.shape)}, and task=similarity has log odds of all pairs, "
            f"{[len(identity)] * 2}; choose task=embedding, or a loss of pairs"
        )
        raise _misfit("loss", loss, said) from error


def _refuse_features(backbone: Outside, networks: Networks) -> None:
    module: Any = networks.embedder.backbone
    wanted = [2, module.feature_dim]
    channels, size = backbone.values["channels"], backbone.values["spatial_size"]
    kinds = {str(weight.dtype) for weight in module.parameters()} - {"torch.float32"}
    if kinds:
        said = f"has weights in {min(kinds)}; give torch.float32, and choose less by trainer.precision"
        raise _misfit("backbone", backbone, said)
    with torch.no_grad():
        features = module.eval()(torch.zeros(2, channels, *sides(size)))
    if not isinstance(features, Tensor) or features.dtype != torch.float32:
        raise _misfit(
            "backbone", backbone, f"gives {_shown(features)}; give features {wanted}, torch.float32"
        )
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
    if not value.requires_grad:
        said = "gives a number without a gradient; compute it from what it is given, nothing of it detached"
        raise _misfit("loss", loss, said)


def _shown(given: Any) -> str:
    if isinstance(given, Tensor):
        return f"{given.dtype} {list(given.shape)}"
    return f"a {type(given).__name__}"


def _misfit(group: str, node: Outside, said: str) -> LikenessError:
    return LikenessError(f"{group}._target_={node.target} {said}.")
