"""Pictures painted by optimization, each pair of a content and a style by a run of its own."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from likeness.applications.pairs import Pair
from likeness.config.check import check_training
from likeness.config.compose import composed
from likeness.config.make import plain
from likeness.data.style.picture import read_picture, write_picture
from likeness.errors import LikenessError
from likeness.recipes.choose import work_of
from likeness.recipes.pixels.results import IMAGE
from likeness.runs.run import train


def stylize(pairs: Sequence[Pair], words: Sequence[str], *, force: bool) -> Path:
    """Paint each content in its style by optimization, as the words of a configuration say; the last run's folder.

    Raises:
        LikenessError: what a user can mend, for all pairs before the first is begun.
    """
    if taken := [word for word in words if word.lstrip("+~").startswith(("data.content", "data.style="))]:
        raise LikenessError(f"{taken[0]} is given already, by the first two words; leave it out.")
    config = composed("config", ["+experiment=style_transfer", "name=stylize", *words])
    configs = [_of_pair(config, pair) for pair in pairs]
    for one in configs:
        check_training(plain(one))
        work_of(one).refuse()
    for one, pair in zip(configs, pairs, strict=True):
        folder = train(one)
        write_picture(pair.output, read_picture(folder / IMAGE).image, force=force)
    return folder


def _of_pair(config: DictConfig, pair: Pair) -> DictConfig:
    own = config.copy()
    own.data.content, own.data.style = str(pair.content), [str(pair.style)]
    return own
