"""From a checked configuration to the network and the task of a run that trains a detector."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from likeness.config.make import make, told
from likeness.config.schema.detection import DetectionConfig, TinyFacesNode
from likeness.config.schema.scenes import AnchorSampling, RandomSquares
from likeness.data.readable_scenes import sizes_of_faces
from likeness.errors import LikenessError
from likeness.models.detectors.templates import k_medoids
from likeness.models.detectors.tiny_faces import SCALES
from likeness.randomness import generator, key
from likeness.recipes.detection.inputs import SceneInputs
from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.detection import DetectionTask

TEMPLATES_OF = 100
"""From so many drawn images of those that are trained on HR's templates are chosen."""


def build_network(config: DetectionConfig, inputs: SceneInputs) -> nn.Module:
    """The detector's network as the seed, or weights to begin with, make it.

    Raises:
        LikenessError: its values don't go together, its weights can't be had, or there are too few faces to choose its
            templates from.
    """
    torch.manual_seed(key("weights", config.seed))
    chosen: dict[str, Any] = {}
    if isinstance(config.detector, TinyFacesNode):
        chosen["templates"] = config.detector.templates or _templates(config, config.detector, inputs)
    with told(config.detector):
        network: nn.Module = make(config.detector, **chosen)
    return network


def _templates(config: DetectionConfig, node: TinyFacesNode, inputs: SceneInputs) -> list[list[float]]:
    """Medoids of the sizes that whole faces have at the scales of the squares that are trained on."""
    sources, draw = inputs.splits.train, generator("templates", config.seed)
    each = TEMPLATES_OF // len(sources)
    sizes = torch.cat([sizes_of_faces(one, draw.permutation(len(one))[:each].tolist()) for one in sources])
    scaled = torch.cat([scale * sizes for scale in _scales(config.sampler)])
    within = scaled[((scaled >= 6) & (scaled <= config.sampler.side)).all(1)]
    drawn = within[draw.permutation(len(within))[:3000]]
    try:
        return [list(map(float, row)) for row in k_medoids(drawn.double().numpy(), node.number_of_templates)]
    except ValueError as error:
        raise LikenessError(
            f"The faces of {TEMPLATES_OF} images are too few for detector.number_of_templates="
            f"{node.number_of_templates} ({error}); lower it, or give detector.templates."
        ) from error


def _scales(sampler: RandomSquares | AnchorSampling) -> list[float]:
    """The scales of an image in training; for data-anchor-sampling, which draws any, those of HR."""
    return sampler.scales if isinstance(sampler, RandomSquares) else list(SCALES)


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
    set_up_optimizer(task, config.optimizer)
    return task


def build_trained(config: DetectionConfig, run: Path, step: int | None = None) -> DetectionTask[Any]:
    """The task of a run with the weights that it hands on, or those of a `step`, in evaluation.

    Raises:
        LikenessError: the run has no checkpoint, or it is another network's.
    """
    checkpoint = checkpoint_of(run, step)
    node = config.detector.model_copy(update={"weights": None})  # those to begin with aren't needed any more
    chosen: dict[str, Any] = {}
    if isinstance(node, TinyFacesNode):  # what was chosen from the images stands with the weights
        chosen["templates"] = checkpoint.trained["network.templates"].tolist()
    task = build_task(config, make(node, **chosen))
    load_part(task.network, "network", checkpoint, run)
    return task.eval()
