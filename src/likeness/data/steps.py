"""The steps of a training as a sampler's indices: what a step sees is a function of its number alone."""

from collections.abc import Iterator
from itertools import count

from torch.utils.data import Sampler


class StepsFrom(Sampler[int]):
    """The steps from `start` on, without end."""

    def __init__(self, start: int) -> None:
        self.start = start

    def __iter__(self) -> Iterator[int]:
        return count(self.start)
