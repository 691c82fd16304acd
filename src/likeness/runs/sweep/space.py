"""The search space: the values that overrides on the command line and `sweep.space` give to keys."""

import re
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import Override, Quote, QuotedString

from likeness.config.schema.sweep import Dimension
from likeness.errors import LikenessError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SEED = "seed"
Parameters = dict[str, Any]


def override_of(key: str, value: Any) -> str:
    """The override that gives `value` to `key`."""
    return f"{key}={_literal(value)}"


def split_overrides(overrides: Sequence[Override]) -> tuple[list[str], dict[str, list[Any]]]:
    """The overrides with one value, as they are, and by their key the values of those with several.

    Raises:
        LikenessError: an override has infinitely many values.
    """
    fixed: list[str] = []
    axes: dict[str, list[Any]] = {}
    for override in overrides:
        if not override.is_sweep_override():
            fixed.append(str(override.input_line))
        elif override.is_discrete_sweep():
            axes[override.get_key_element()] = list(map(_plain, override.sweep_iterator()))
        else:
            key = override.get_key_element()
            raise LikenessError(
                f"{override.input_line} has no end of values; +sweep=tpe with "
                f"+sweep.space={{{key}: {{low: , high: }}}} searches a range."
            )
    return fixed, axes


def combinations(axes: dict[str, list[Any]]) -> list[Parameters]:
    """Every combination of the values, the last key's changing fastest."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def values_of(key: str, dimension: Dimension) -> list[Any]:
    """All values of a dimension.

    Raises:
        LikenessError: they can't be counted.
    """
    if dimension.choices is not None:
        return dimension.choices
    low, high, step = dimension.low, dimension.high, dimension.step
    if step is None and dimension.is_whole and not dimension.log:
        step = 1
    if step is None:
        raise LikenessError(f"The range of {key} in sweep.space has no step; a grid needs one, or choices.")
    assert low is not None
    assert high is not None
    count = int((high - low) / step + 1e-9) + 1
    return [
        low + number * step if dimension.is_whole else round(low + number * step, 12)
        for number in range(count)
    ]


def distribution(dimension: Dimension) -> "BaseDistribution":
    """The distribution of Optuna's for a dimension; choices are told apart by their place."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.choices is not None:
        return CategoricalDistribution(range(len(dimension.choices)))
    low, high, step, log = dimension.low, dimension.high, dimension.step, dimension.log
    assert low is not None
    assert high is not None
    if dimension.is_whole:
        return IntDistribution(int(low), int(high), log=log, step=1 if step is None else int(step))
    return FloatDistribution(low, high, log=log, step=step)


def ends(dimension: Dimension) -> list[Any]:
    """The values of a dimension between which all others lie, or all its choices."""
    return dimension.choices if dimension.choices is not None else [dimension.low, dimension.high]


def _literal(value: Any) -> str:
    """A value as Hydra reads it on a command line."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{','.join(map(_literal, value))}]"
        case dict():
            return "{" + ",".join(f"{_literal(key)}:{_literal(one)}" for key, one in value.items()) + "}"
        case str() if not re.fullmatch(
            r"(?!(null|true|false|nan|inf)$)[A-Za-z_][\w/-]*", value, re.IGNORECASE
        ):
            return str(QuotedString(value, Quote.single).with_quotes())
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    """A value that Hydra parsed, in plain containers."""
    match value:
        case QuotedString():
            return value.text
        case list():
            return list(map(_plain, value))
        case dict():
            return {_plain(key): _plain(one) for key, one in value.items()}
        case _:
            return value
