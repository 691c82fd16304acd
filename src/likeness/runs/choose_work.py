"""Which work a configuration describes."""

from omegaconf import DictConfig

from likeness.runs.encodings.work import EncodingWork
from likeness.runs.work import Work

DECIDE_INPUTS = ("backbone", "data", "episodes", "evaluation", "seed", "task", "test_data")
"""The parts of a configuration that decide what its run reads."""


def work_of(config: DictConfig) -> Work:
    """The work of a checked configuration, of which nothing is read yet."""
    return EncodingWork(config)
