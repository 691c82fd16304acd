"""What `likeness train` and `python train.py` do alike."""

import sys
from collections.abc import Sequence


def train(program: str, arguments: Sequence[str]) -> None:
    """Answer --help at once; otherwise run what the overrides and Hydra's own options among `arguments` choose.

    Args:
        program: what was started, as the run's record is to name it.
        arguments: what follows on the command line.
    """
    if {"-h", "--help"} & set(arguments):
        from likeness.config.help import print_help
        from likeness.errors import one_sentence

        with one_sentence():
            print_help(arguments)
    else:
        from likeness.command import train_from_command_line

        sys.argv = [program, *arguments]  # Hydra reads them there
        train_from_command_line()
