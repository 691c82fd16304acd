"""Work on some rows of a block only: those concerned."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def chosen(of: T, rows: NDArray[np.intp]) -> T:
    """Some rows of arrays `[B, ...]`, alone or in (nested) tuples and dataclasses."""
    return cast(T, _chosen(of, rows))


def _chosen(of: Any, rows: NDArray[np.intp]) -> Any:
    if isinstance(of, np.ndarray):
        return of[rows]
    if isinstance(of, tuple):
        return _like(of, [_chosen(each, rows) for each in of])
    if is_dataclass(of):
        kind: Any = type(of)
        return kind(**{each.name: getattr(of, each.name)[rows] for each in fields(of)})
    return of


def _like(model: Any, parts: list[Any]) -> Any:
    """A tuple of the model's kind, named or plain."""
    return type(model)(*parts) if hasattr(model, "_fields") else tuple(parts)
