"""One rank of a run on several devices: python -m likeness.runs.rank FOLDER, started by torchrun."""

import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from likeness.errors import LikenessError
from likeness.runs.build import build_data, build_datamodule
from likeness.runs.command import sentence
from likeness.runs.fit import fit_here


def main() -> None:
    """Fit from the configuration in the run's folder."""
    folder = Path(sys.argv[1])
    config = OmegaConf.load(folder / "config.yaml")
    assert isinstance(config, DictConfig)
    try:
        fit_here(config, folder, build_datamodule(config, build_data(config.data)))
    except LikenessError as error:
        sys.exit(f"likeness: {sentence(error)}")


if __name__ == "__main__":
    main()
