"""The configuration groups on disk: what there is to choose from, found without importing Hydra or torch."""

from pathlib import Path

from likeness.errors import LikenessError, one_line

PACKAGE = Path(__file__).parents[1]
INSTALLED = (PACKAGE / "conf").is_dir()  # in a checkout conf/ lies at the top
CONF = PACKAGE / "conf" if INSTALLED else PACKAGE.parents[1] / "conf"
TRAIN = "likeness train" if INSTALLED else "python train.py"


def own_files(own: Path) -> list[Path]:
    """The files of a user's own folder, sorted.

    Raises:
        LikenessError: there is no such folder, or one of its files is no text.
    """
    if not own.is_dir():
        raise LikenessError(f"There is no folder {own} for --config-dir.")
    found = sorted(own.rglob("*.yaml"))
    for file in found:
        try:
            file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LikenessError(f"{file} can't be read as text: {one_line(error)}.") from error
    return found


def groups(own: Path | None = None) -> dict[str, dict[str, str]]:
    """By group its choices, each with the comment that its file begins with (or an empty string).

    `own` is the folder of a user's own configuration, whose choices come beside ours.
    """
    found: dict[str, dict[str, str]] = {}
    for folder in sorted(child for place in (CONF, own) if place is not None for child in place.iterdir()):
        choices = {file.stem: _comment(file) for file in sorted(folder.glob("*.yaml"))}
        if choices:
            found.setdefault(folder.name, {}).update(choices)
    return found


def _comment(file: Path) -> str:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
    return lines[0].removeprefix("# ") if lines and lines[0].startswith("# ") else ""
