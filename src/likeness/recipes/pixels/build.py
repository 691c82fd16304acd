"""From a checked configuration to the parts of a style transfer."""

from pathlib import Path

import torch
from torch import Tensor

from likeness.config.make import make, told
from likeness.config.schema.pixels import PixelsConfig
from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.image_as_shown import read_image
from likeness.data.style.resize import Size, resized
from likeness.data.style.style_pictures import StyleImages
from likeness.errors import LikenessError
from likeness.losses.style import StyleObjective
from likeness.models.features import FeatureNetwork
from likeness.randomness import key
from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
from likeness.tasks.style import StyleTask


def build_images(config: PixelsConfig) -> StyleImages:
    """Content and styles.

    Raises:
        LikenessError: an image can't be read, or does not fit.
    """
    images: StyleImages = make(config.data)
    return images


def build_objective(config: PixelsConfig | StylizerConfig) -> StyleObjective:
    """J, over the layers that the configuration names.

    Raises:
        LikenessError: its keys don't go together.
    """
    objective: StyleObjective = make(config.loss)
    return objective


def build_network(config: PixelsConfig | StylizerConfig, layers: tuple[str, ...]) -> FeatureNetwork:
    """The network whose features are compared, in the memory format that the configuration asks for.

    Raises:
        LikenessError: it has no such layer, or its weights can't be had.
    """
    torch.manual_seed(key("weights", config.seed))
    with told(config.backbone):
        network: FeatureNetwork = make(config.backbone)(layers=list(layers))
    if config.compile:
        network.compile()
    return network


def build_style_task(
    config: PixelsConfig, images: StyleImages, objective: StyleObjective, network: FeatureNetwork
) -> StyleTask:
    """The task at step 0.

    Raises:
        LikenessError: a part refuses its values.
    """
    with told(config.task):
        task: StyleTask = make(config.task)(
            network=network,
            objective=objective,
            image=start_image(config, images),
            style_weights=images.style_weights,
            **optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator),
        )
    set_up_optimizer(task, config.optimizer)
    return task


def start_image(config: PixelsConfig, images: StyleImages) -> Tensor:
    """G before the first step, `[1, 3, H, W]` in [0, 1], at the first size of the pyramid.

    `task.start` says which: `content`, `noise` (uniform, drawn by the seed), or the path of an image.

    Raises:
        LikenessError: that image can't be read.
    """
    content = images.batch(0).content
    if config.task.start == "noise":
        drawn = torch.Generator().manual_seed(key("start", config.seed))
        return torch.rand(content.shape, generator=drawn)
    if config.task.start == "content":
        return content.float() / 255
    if not Path(config.task.start).expanduser().is_file():
        raise LikenessError(
            f"task.start={config.task.start} is neither noise, content, nor the path of an image."
        )
    begun_with = read_image(config.task.start).image
    return resized(begun_with, Size(*content.shape[2:]))[None].float() / 255
