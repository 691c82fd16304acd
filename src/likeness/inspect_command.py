"""What `likeness inspect` does; a mistake ends in one sentence."""

from collections.abc import Sequence
from pathlib import Path

from likeness.config.own_modules import look_for_modules_in
from likeness.errors import one_sentence


def inspect_from_command_line(named: str, overrides: Sequence[str], trust: Sequence[str]) -> None:
    """Look into a run, or into a network with weights."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.applications.inspect.look import PAGE, inspect

        folder = inspect(named, overrides, trust)
        print(folder / PAGE)
        print(folder)
