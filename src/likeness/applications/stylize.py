"""Images stylized by optimization, each pair of a content and a style by a run of its own."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from likeness.applications.pairs import Pair
from likeness.config.compose import composed
from likeness.config.overrides import parsed, touches
from likeness.data.image_as_shown import read_image, write_image
from likeness.errors import LikenessError
from likeness.recipes.choose import checked_composition, recipe_of
from likeness.recipes.pixels.results import IMAGE
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.run import train


def stylize(pairs: Sequence[Pair], overrides: Sequence[str], *, force: bool) -> Path:
    """Stylize each content by optimization, as the overrides of a configuration say; the last run's folder.

    Raises:
        LikenessError: what a user can mend, for all pairs before the first is begun.
    """
    for override in parsed(overrides):
        if any(touches(override, key) for key in ("data.content", "data.style")):
            raise LikenessError(
                f"{override.input_line} is given already, by the first two arguments; leave it out."
            )
    config = composed("config", ["+experiment=style_transfer", "name=stylize", *overrides])
    configs = [checked_composition(_of_pair(config, pair)) for pair in pairs]
    for one in configs:
        recipe_of(one).refuse()
    for one, pair in zip(configs, pairs, strict=True):
        folder = train(
            one, recipe_of(one)
        )  # anew, so that no more than one pair's images and networks are held
        painted = SealedFiles(folder).read(IMAGE)
        write_image(pair.output, read_image(painted, name=str(folder / IMAGE)).image, force=force)
    return folder


def _of_pair(config: DictConfig, pair: Pair) -> DictConfig:
    for path in (pair.content, pair.style):
        if "${" in str(path):
            raise LikenessError(
                f"{path} can't be named in a configuration, where ${{ begins a reference: give it another name."
            )
    own = config.copy()
    own.data.content, own.data.style = str(pair.content), [str(pair.style)]
    return own
