"""Where pictures are decoded and encoded: on few threads, so that the others stay free for what is quick."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
R = TypeVar("R")

WIDTH = 2
"""So many requests at once: a picture of 40 megapixels takes 160 MB to decode."""


class Lane:
    """Runs functions, each on a thread, some at a time."""

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What a function gives."""
        if self._limiter is None:  # it belongs to the event loop that is running
            self._limiter = CapacityLimiter(WIDTH)
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._limiter)
