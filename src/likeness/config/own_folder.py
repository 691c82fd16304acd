"""The folder of a user's own configuration, which stands beside ours."""

from collections.abc import Sequence
from pathlib import Path

from hydra._internal.utils import get_args_parser
from hydra.conf import ConfigSourceInfo

from likeness.config.alias_bomb import refuse_alias_bomb
from likeness.config.groups import CONF, own_files
from likeness.errors import LikenessError

_TAKEN = (
    "overrides",
    "multirun",
    "config_dir",
    "cfg",
    "package",
    "resolve",
    "info",
    "hydra_help",
    "help",
    "version",
    "run",
)
"""Options of Hydra's that say what to do with our configuration. The others put another in its place, or read objects
from a file, or talk to a shell; one that Hydra has some day is not taken either."""


def own_config_dir(sources: Sequence[ConfigSourceInfo]) -> str | None:
    """The folder of the user's own configuration, which `--config-dir` named, among Hydra's sources; else None."""
    return next((source.path for source in sources if source.provider == "command-line"), None)


def own_folder(arguments: Sequence[str]) -> tuple[Path | None, list[str], bool]:
    """What Hydra is going to read in the arguments, abbreviations too.

    Returns the folder that `--config-dir` names, or None; the overrides; and whether they describe a sweep.

    Raises:
        LikenessError: an option is not one of those that are taken.
    """
    parser = get_args_parser()
    given = parser.parse_args(list(arguments))
    for option, value in vars(given).items():
        if option not in _TAKEN and value != parser.get_default(option):
            name = option.replace("_", "-")
            raise LikenessError(
                f"--{name} is not taken: configurations of your own come with --config-dir FOLDER."
            )
    own = None if given.config_dir is None else Path(given.config_dir)
    return own, given.overrides, given.multirun


def refuse_shadowed(own: Path) -> None:
    """Raise a LikenessError where a file of the user's folder has the place of one of ours, which Hydra would read.

    It is raised for a folder that is not there too, and for a file that can't be read.
    """
    if own.resolve() == CONF.resolve():
        return
    for file in own_files(own):
        refuse_alias_bomb(file)
        ours = CONF / file.relative_to(own)
        if ours.exists():
            raise LikenessError(
                f"{file} would not be read, since {ours} has its name; give it a name of its own."
            )
