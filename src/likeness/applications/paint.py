"""Images painted in one pass, by a trained decoder or by networks of one style each."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from likeness.applications.pairs import Pair
from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.make import plain
from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.as_float import as_float
from likeness.data.image_as_shown import log_notes, read_image, write_image
from likeness.errors import LikenessError
from likeness.recipes.choose import config_of
from likeness.recipes.stylizer.build import ADAIN, FEEDFORWARD, Painter, build_painter


def paint_by_adain(
    pairs: Sequence[Pair], decoder: Path, overrides: Sequence[str], *, force: bool, step: int | None = None
) -> None:
    """Paint each content in its style by AdaIN.

    Args:
        pairs: what to paint, and where to.
        decoder: the folder of a run that trained one, or a file of weights such as pytorch-AdaIN's `decoder.pth`, for
            which `overrides` choose the encoder (`backbone=vgg19_normalised backbone.weights=PATH`).
        overrides: of the configuration, where `decoder` is a file.
        force: whether files may be overwritten.
        step: of a checkpoint of a run to take in place of the last.

    Raises:
        LikenessError: what a user can mend.
    """
    painter = _painter(decoder, ADAIN, "adain", overrides, step)
    for pair in pairs:
        write_image(pair.output, _painted(painter, pair.content, [pair.style]), force=force)


def paint_by_networks(
    pairs: Sequence[Pair], overrides: Sequence[str], *, force: bool, step: int | None = None
) -> None:
    """Paint each content by the network that a pair has in place of a style: a run's folder, or a file of weights.

    A file is taken for one of PyTorch's examples, unless `overrides` say otherwise. Of a run it is what it hands on,
    or that of a `step`.

    Raises:
        LikenessError: what a user can mend.
    """
    networks = dict.fromkeys(pair.style for pair in pairs)
    painters = {
        network: _painter(network, FEEDFORWARD, "feedforward", overrides, step) for network in networks
    }
    for pair in pairs:
        write_image(pair.output, _painted(painters[pair.style], pair.content, []), force=force)


def _painter(
    trained: Path, task: str, experiment: str, overrides: Sequence[str], step: int | None
) -> Painter:
    if not trained.is_dir():
        if step is not None:
            raise LikenessError(
                f"--checkpoint is of a run, and {trained} is a file of weights: leave it out."
            )
        published = ["stylizer.output=linear"] if task == FEEDFORWARD else []
        config = composed("config", [f"+experiment={experiment}", *published, *overrides])
        config.stylizer.weights = str(trained)
        return build_painter(check(plain(config), StylizerConfig), None)
    own = config_of(trained)
    if not isinstance(own, StylizerConfig) or own.task.target != task:
        raise LikenessError(f"{trained} has trained something else; name a run of task={experiment}.")
    if overrides:
        raise LikenessError(f"{overrides[0]} can't be changed: the networks are the run's own.")
    return build_painter(own, trained, step)


@torch.no_grad()
def _painted(painter: Painter, content: Path, styles: Sequence[Path]) -> Tensor:
    image = painter(_read(content), [_read(style) for style in styles])
    return (255 * image).round().to(torch.uint8)


def _read(path: Path) -> Tensor:
    image = read_image(path)
    log_notes(image.notes)
    return as_float(image.image)
