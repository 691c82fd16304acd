"""What `likeness probe` does; a mistake ends in one sentence."""

from collections.abc import Sequence
from pathlib import Path

from likeness.config.own_modules import look_for_modules_in
from likeness.errors import one_sentence


def probe_from_command_line(named: str, overrides: Sequence[str], trust: Sequence[str]) -> None:
    """Probe the layers of a run, or of a network with weights."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.applications.probe.probe import FIGURE, probe

        folder = probe(named, overrides, trust)
        print(folder / FIGURE)
        print(folder)
