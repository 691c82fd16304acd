"""The configuration groups on disk: what there is to choose from, found without importing Hydra or torch."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
INSTALLED = (
    PACKAGE / "conf"
).is_dir()  # conf/ is installed into the package; in a checkout it lies at the top
CONF = PACKAGE / "conf" if INSTALLED else PACKAGE.parents[1] / "conf"
TRAIN = "likeness train" if INSTALLED else "python train.py"


def groups() -> dict[str, dict[str, str]]:
    """By group its choices, each with the comment that its file begins with (or an empty string)."""
    return {
        folder.name: {file.stem: _comment(file) for file in sorted(folder.glob("*.yaml"))}
        for folder in sorted(CONF.iterdir())
        if folder.is_dir() and any(folder.glob("*.yaml"))
    }


def _comment(file: Path) -> str:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
    return lines[0].removeprefix("# ") if lines and lines[0].startswith("# ") else ""
