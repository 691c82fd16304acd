"""From a checked configuration to the parts of a run that trains a detector."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from likeness.config.make import make, told
from likeness.config.schema.base import Node
from likeness.config.schema.detection import DetectionConfig, TinyFacesNode
from likeness.data.augment import KeyedAugment
from likeness.data.faces import Scenes, SceneSplits
from likeness.data.readable_scenes import ReadableScenes
from likeness.data.scene_batches import SceneBatches, SceneDataModule
from likeness.errors import LikenessError
from likeness.models.detectors.templates import k_medoids
from likeness.randomness import key
from likeness.recipes.optimizers import optimizer_of, refuse_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.detection import DetectionTask

TEMPLATES_OF = 240
"""From the faces of so many of the first squares that are trained on HR's templates are chosen."""


class ReadableSplits(NamedTuple):
    """What is trained on, one source or two of equal shares; what is validated on; and what is measured on."""

    train: list[ReadableScenes]
    validation: ReadableScenes | None
    test: ReadableScenes


def build_data(config: DetectionConfig) -> ReadableSplits:
    """The images of a configuration; none is read yet.

    Raises:
        LikenessError: data that are not there, or nothing to train or to test on.
    """
    own: SceneSplits = make(config.data)
    extra: SceneSplits | None = make(config.extra_data) if config.extra_data else None
    other: SceneSplits | None = make(config.test_data) if config.test_data else None
    train = [_kept(own.train, config.data, config)]
    if extra is not None and config.extra_data is not None:
        train.append(_kept(extra.train, config.extra_data, config))
    test = (other or own).test
    if test is None:
        raise LikenessError(
            f"{(config.test_data or config.data).place} has no images to test on; give its split a share for the test, "
            "or test on other data, as in data@test_data=drawn_scenes."
        )
    validation = None if own.validation is None else ReadableScenes(own.validation)
    return ReadableSplits(train, validation, ReadableScenes(test))


def refuse_shared_images(splits: ReadableSplits) -> None:
    """Raise a LikenessError for a file of two splits."""
    trained = set().union(*map(_paths, splits.train))
    tested = _paths(splits.test)
    validated = set() if splits.validation is None else _paths(splits.validation)
    for one, other, what in (
        (trained, tested, "trained on and tested on"),
        (validated, tested, "validated on and tested on"),
        (trained, validated, "trained on and validated on"),
    ):
        if shared := sorted(one & other):
            raise LikenessError(
                f"{shared[0]} is both {what}; split data, extra_data and test_data alike, or take others."
            )


def _paths(scenes: ReadableScenes) -> set[Path]:
    """The files of the images; none where they are drawn."""
    root, names, _ = scenes.files()
    return {(root / scenes.name(index)).resolve() for index in range(len(scenes))} if names else set()


def _kept(scenes: Scenes | None, node: Node, config: DetectionConfig) -> ReadableScenes:
    if scenes is None:
        raise LikenessError(f"{node.place} has no images to train on; give its split a share for training.")
    return ReadableScenes(scenes, keep=int(2**20 * config.sampler.keep_mib))


def build_datamodule(config: DetectionConfig, splits: ReadableSplits) -> SceneDataModule:
    """The batches.

    Raises:
        LikenessError: they can't be shared by the devices or the sources.
    """
    return SceneDataModule(
        _batches(config, splits),
        splits.validation,
        workers=config.loader.workers,
        pin_memory=config.loader.pin_memory,
    )


def _batches(config: DetectionConfig, splits: ReadableSplits) -> SceneBatches:
    transforms = [make(node) for node in config.augment.values() if node is not None]
    with told(config.sampler):
        return SceneBatches(
            splits.train,
            make(config.sampler),
            KeyedAugment(transforms, seed=config.seed),
            batch_size=config.sampler.batch_size,
            seed=config.seed,
        )


def build_network(config: DetectionConfig, splits: ReadableSplits) -> nn.Module:
    """The detector's network as the seed, or weights to begin with, make it.

    Raises:
        LikenessError: its values don't go together, its weights can't be had, or there are too few faces to choose its
            templates from.
    """
    torch.manual_seed(key("weights", config.seed))
    chosen: dict[str, Any] = {}
    if isinstance(config.detector, TinyFacesNode):
        chosen["templates"] = config.detector.templates or _templates(config, config.detector, splits)
    with told(config.detector):
        network: nn.Module = make(config.detector, **chosen)
    return network


def _templates(config: DetectionConfig, node: TinyFacesNode, splits: ReadableSplits) -> list[list[float]]:
    """Medoids of the sizes that faces have in the first squares that are trained on."""
    batches = _batches(config, splits)
    steps = -(-TEMPLATES_OF // config.sampler.batch_size)
    every = [faces for step in range(steps) for faces in batches[step].faces]
    boxes = torch.cat([faces.boxes[~faces.ignored] for faces in every])
    try:
        medoids = k_medoids((boxes[:, 2:] - boxes[:, :2]).double().numpy(), node.number_of_templates)
    except ValueError as error:
        raise LikenessError(
            f"The {len(boxes)} faces of {len(every)} squares are too few for detector.number_of_templates="
            f"{node.number_of_templates} ({error}); lower it, or give detector.templates."
        ) from error
    return [list(map(float, row)) for row in medoids]


def build_task(config: DetectionConfig, network: nn.Module) -> DetectionTask[Any]:
    """The task at step 0.

    Raises:
        LikenessError: a part refuses its values.
    """
    with told(config.task):
        task: DetectionTask[Any] = make(config.task)(
            network=network, **optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator)
        )
    task.least_height = config.evaluation.heights[0]
    refuse_optimizer(task)
    return task


def build_trained(config: DetectionConfig, run: Path) -> DetectionTask[Any]:
    """The task of a run with the weights of its last checkpoint, in evaluation.

    Raises:
        LikenessError: the run has no checkpoint, or it is another network's.
    """
    checkpoint = checkpoint_of(run)
    node = config.detector.model_copy(update={"weights": None})  # those to begin with aren't needed any more
    chosen: dict[str, Any] = {}
    if isinstance(node, TinyFacesNode):  # what was chosen from the images stands with the weights
        chosen["templates"] = checkpoint.weights["network.templates"].tolist()
    task = build_task(config, make(node, **chosen))
    load_part(task.network, "network", checkpoint, run)
    return task.eval()
