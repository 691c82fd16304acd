"""Which images are painted in which styles, and where the results go."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from likeness.data.found_images import LeftOut, images_in
from likeness.data.image_as_shown import FORMATS, refuse_existing
from likeness.errors import LikenessError
from likeness.runs.record.folder import make_folder

GRID = "grid.png"
"""Where the sheet of several results is written."""


class Pair(NamedTuple):
    """A content, a style, or what has learned one, and the file that the result is written to."""

    content: Path
    style: Path
    output: Path


def pairs_of(contents: str, styles: str, output: Path, *, force: bool) -> list[Pair]:
    """Every content in every style.

    Args:
        contents: an image, several separated by commas, or a folder of images.
        styles: the same, or the folder of a run.
        output: an image's file for one pair; for several a folder, which is made where it is not there.
        force: whether files that are there may be overwritten.

    Raises:
        LikenessError: an image or a folder is not there, two results would have one name, or a result can't be
            written or is there already.
    """
    both = list(product(_images(contents), _images(styles)))
    several = len(both) > 1
    if several and output.suffix.lower() in FORMATS:
        raise LikenessError(f"{len(both)} images can't be written to {output}: give -o a folder.")
    pairs = [
        Pair(content, style, output / f"{content.stem}--{style.stem}.png" if several else output)
        for content, style in both
    ]
    twice = [pair.output.name for pair in pairs if [other.output for other in pairs].count(pair.output) > 1]
    if twice:
        raise LikenessError(f"Two of the results would be called {twice[0]}; rename one of the images.")
    if several:
        make_folder(output, "-o")
    for path in [*(pair.output for pair in pairs), *([output / GRID] if several else [])]:
        _refuse(path, force=force)
    return pairs


def _refuse(path: Path, *, force: bool) -> None:
    """Raise a LikenessError where a result can't be written to `path`."""
    try:
        refuse_existing(path, force=force)
    except FileExistsError:
        raise LikenessError(
            f"{path} is there already: give another name, or overwrite it with --force."
        ) from None
    except ValueError as error:
        raise LikenessError(str(error)) from None


def _images(named: str) -> Sequence[Path]:
    folder = Path(named).expanduser()
    if (folder / "config.yaml").is_file():  # a run, whose network has learned a style
        return [folder]
    if folder.is_file():  # commas or not
        return [folder]
    if not folder.is_dir():
        return [Path(name).expanduser() for name in named.split(",")]
    left_out = LeftOut()
    found = images_in(folder, left_out, deeper=False)
    if not found:
        raise LikenessError(f"There is no image in {folder}.")
    left_out.say(folder)
    return [folder / name for name in found]
