"""One rank of a run on several devices: python -m likeness.runs.rank FOLDER, started by torchrun."""

import os
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from likeness.errors import LikenessError
from likeness.runs.build import build_data, build_datamodule
from likeness.runs.command import sentence
from likeness.runs.fit import BROKEN, FAILED, fit_here
from likeness.runs.folder import write_json


def main() -> None:
    """Fit from the configuration in the run's folder."""
    folder = Path(sys.argv[1])
    config = OmegaConf.load(folder / "config.yaml")
    assert isinstance(config, DictConfig)
    rank = os.environ["RANK"]
    try:
        broken = fit_here(config, folder, build_datamodule(config, build_data(config.data)))
        write_json(folder / BROKEN.format(rank=rank), sorted(broken))
    except LikenessError as error:
        (folder / FAILED.format(rank=rank)).write_text(sentence(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
