"""What `train.py` does: Hydra composes the configuration, or the many of a multirun, and each is trained."""

import os
import sys
from collections.abc import Callable

import hydra
from omegaconf import DictConfig

from likeness.config.compose import COMPOSITION_ERRORS, explain
from likeness.config.groups import CONF
from likeness.errors import LikenessError


def train_from_command_line() -> None:
    """Run the words on the command line; a mistake ends in one sentence and exit status 1."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, and the sentences are ours
    exit_with_a_sentence(lambda: hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(_job)())


def exit_with_a_sentence(work: Callable[[], object]) -> None:
    """Do `work`; end the process with one sentence where the user made a mistake, with status 130 on Ctrl-C."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    try:
        work()
    except LikenessError as error:
        sys.exit(f"likeness: {error}")
    except COMPOSITION_ERRORS as error:
        sys.exit(f"likeness: {explain(error, 'config', words)}")
    except KeyboardInterrupt:
        sys.stderr.write("likeness: interrupted\n")
        sys.exit(130)


def _job(config: DictConfig) -> None:
    def work() -> None:
        from likeness.runs.run import train  # torch is imported only once the configuration is composed

        train(config)

    exit_with_a_sentence(work)  # here too: Hydra would put a line of its own before the sentence
