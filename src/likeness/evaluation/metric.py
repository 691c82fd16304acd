"""What every measurement here comes back as."""

from typing import NamedTuple


class Metric(NamedTuple):
    """A measured value with its sample size and, where it is an estimate, its 95% interval.

    `value` is a fraction (not per cent); NaN means that `count` is too few to resolve it (a false accept
    rate of 1e-6 among 3,000 negatives, say). `count` is the number of pairs, queries or folds that stand
    behind the value; each evaluation says which.
    """

    value: float
    count: int  # type: ignore[assignment]  # in place of tuple.count, which no one needs here
    low: float | None = None
    high: float | None = None
