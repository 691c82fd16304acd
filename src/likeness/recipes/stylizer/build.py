"""From a checked configuration to a task that trains a stylizer."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from likeness.config.make import make, told
from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.as_float import as_float
from likeness.data.style.style_folders import StyleFolders
from likeness.errors import LikenessError
from likeness.models.stylizers import AdainDecoder, stylize_by_adain, stylize_by_network
from likeness.randomness import key
from likeness.recipes.optimizers import optimizer_of, set_up_optimizer
from likeness.recipes.pixels.build import build_network, build_objective
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.tasks.adain import AdainTask
from likeness.tasks.feedforward import FeedforwardTask
from likeness.tasks.stylizer import StylizerTask

ADAIN, FEEDFORWARD = "likeness.tasks.adain.AdainTask", "likeness.tasks.feedforward.FeedforwardTask"

Stylizer = TypeVar("Stylizer", bound=nn.Module)

Painter = Callable[[Tensor, Sequence[Tensor]], Tensor]
"""From a content and styles, `[3, H, W]` in [0, 1] each, to the content in the styles."""


def build_stylizer_task(config: StylizerConfig, folders: StyleFolders) -> StylizerTask:
    """The task at step 0: its stylizer is drawn by the seed, or brought by `stylizer.weights`.

    Raises:
        LikenessError: a part refuses its values.
    """
    with told(config.task):
        task = _BUILDERS[config.task.target](config, folders)
    set_up_optimizer(task, config.optimizer)
    return task


def build_painter(config: StylizerConfig, run: Path | None, step: int | None = None) -> Painter:
    """What paints as the stylizer of a configuration does, with the weights of a run, or those it names itself.

    Those of a run are of the checkpoint that it hands on, or of that of a `step`.

    Raises:
        LikenessError: a network's weights can't be had or are another's.
    """
    if config.task.target == ADAIN:
        encoder = build_network(config, build_objective(config).layers)
        with told(config.stylizer):
            decoder: AdainDecoder = make(config.stylizer)(encoder)
        return partial(stylize_by_adain, encoder=encoder, decoder=_trained(decoder, run, step))
    network = _trained(make(config.stylizer), run, step)
    return lambda content, styles: stylize_by_network(content, network)


def _trained(stylizer: Stylizer, run: Path | None, step: int | None) -> Stylizer:
    if run is not None:
        load_part(stylizer, "stylizer", checkpoint_of(run, step), run)
    return stylizer.eval()


def _adain(config: StylizerConfig, folders: StyleFolders) -> AdainTask:
    objective = build_objective(config)
    encoder = build_network(config, objective.layers)
    torch.manual_seed(key("stylizer", config.seed))
    with told(config.stylizer):
        stylizer = make(config.stylizer)(encoder)
    task: AdainTask = make(config.task)(
        encoder=encoder,
        stylizer=stylizer,
        objective=objective,
        **optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator),
    )
    return task


def _feedforward(config: StylizerConfig, folders: StyleFolders) -> FeedforwardTask:
    styles = folders.styles.train
    if styles is not folders.styles.test:
        raise LikenessError(
            f"A feed-forward network learns one style, but data.styles={config.data.styles} is a folder; "
            "name one image."
        )
    objective = build_objective(config)
    encoder = build_network(config, objective.layers)
    torch.manual_seed(key("stylizer", config.seed))
    task: FeedforwardTask = make(config.task)(
        encoder=encoder,
        stylizer=make(config.stylizer),
        objective=objective,
        styles=[as_float(style[None]) for style in styles.load([0])],
        style_weights=[1.0],
        **optimizer_of(config.optimizer, config.scheduler, config.trainer.accelerator),
    )
    return task


_BUILDERS: dict[str, Callable[[StylizerConfig, StyleFolders], StylizerTask]] = {
    ADAIN: _adain,
    FEEDFORWARD: _feedforward,
}
