"""Work on some rows of a block: a few at a time, so that planes stay in a core's cache, or only those concerned."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_PIXELS = 32_768
"""The pixels that are worked on at once: 128 KiB a plane."""


def chosen(of: T, rows: NDArray[np.intp] | slice) -> T:
    """Some rows of arrays `[B, ...]`, alone or in (nested) tuples and dataclasses; a slice gives views."""
    return cast(T, _chosen(of, rows))


def _chosen(of: Any, rows: NDArray[np.intp] | slice) -> Any:
    if isinstance(of, np.ndarray):
        return of[rows]
    if isinstance(of, tuple):
        return _like(of, [_chosen(each, rows) for each in of])
    if is_dataclass(of):
        kind: Any = type(of)
        return kind(**{each.name: getattr(of, each.name)[rows] for each in fields(of)})
    return of


def few_at_a_time(work: Callable[P, R]) -> Callable[P, R]:
    """`work`, done for a few rows of its arguments after the other; what it returns is put together again."""

    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        planes = [each for each in _arrays(args) if each.shape[-1] > 1]
        count, step = len(planes[0]), max(1, _PIXELS // max(each.shape[-1] for each in planes))
        if count <= step:
            return work(*args, **kwargs)
        parts = [work(*chosen(args, slice(start, start + step)), **kwargs) for start in range(0, count, step)]
        return cast(R, _joined(parts))

    return done


def _arrays(of: object) -> list[NDArray[np.float32]]:
    if isinstance(of, np.ndarray):
        return [of] if of.ndim == 2 else []
    if isinstance(of, tuple):
        return [array for each in of for array in _arrays(each)]
    return []


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, tuple):
        return _like(first, [_joined(list(each)) for each in zip(*parts, strict=True)])
    return first


def _like(model: Any, parts: list[Any]) -> Any:
    """A tuple of the model's kind, named or plain."""
    return type(model)(*parts) if hasattr(model, "_fields") else tuple(parts)
