"""One rank of a run on several devices: python -m likeness.runs.rank FOLDER, started by torchrun."""

import os
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from likeness.errors import LikenessError
from likeness.runs.build import build_data, build_datamodule
from likeness.runs.command import sentence
from likeness.runs.fit import BROKEN, fit_here
from likeness.runs.folder import write_json


def main() -> None:
    """Fit from the configuration in the run's folder."""
    folder = Path(sys.argv[1])
    config = OmegaConf.load(folder / "config.yaml")
    assert isinstance(config, DictConfig)
    try:
        broken = fit_here(config, folder, build_datamodule(config, build_data(config.data)))
        write_json(folder / BROKEN.format(rank=os.environ["RANK"]), sorted(broken))
    except LikenessError as error:
        sys.exit(f"likeness: {sentence(error)}")


if __name__ == "__main__":
    main()
