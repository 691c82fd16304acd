"""One rank of a run on several devices: python -m likeness.recipes.rank FOLDER, started by torchrun."""

import os
import sys
from pathlib import Path

from likeness.errors import LikenessError, Preempted, sentence
from likeness.memory import keep_freed_memory
from likeness.recipes.choose import config_of, recipe_of
from likeness.runs.record.killed_worker import killed_worker_told
from likeness.runs.record.output import lasting_output
from likeness.runs.sweep.stopping import StopPruned
from likeness.runs.training.checkpoints import newest_checkpoint
from likeness.runs.training.fit import fit_here
from likeness.runs.training.launch import FAILED, LAUNCHER, STOPPED, die_with
from likeness.runs.training.preemption import ended_by_sigterm


def main() -> None:
    """Fit from the configuration in the run's folder."""
    die_with(int(os.environ[LAUNCHER]))
    keep_freed_memory()
    folder = Path(sys.argv[1])
    rank = os.environ["RANK"]
    try:
        with ended_by_sigterm(), lasting_output():
            config = config_of(folder, trust=None)
            recipe = recipe_of(config)
            stopping = [StopPruned(config, folder)] if config.sweep else []
            if (data := recipe.data()) is not None:
                with killed_worker_told():
                    fit_here(config, folder, recipe, data, stopping, newest_checkpoint(folder))
    except Preempted:
        sys.exit(STOPPED)
    except LikenessError as error:
        (folder / FAILED.format(rank=rank)).write_text(sentence(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
