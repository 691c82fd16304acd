"""Overrides of `likeness evaluate`."""

from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from likeness.config.overrides import parsed, touches
from likeness.errors import LikenessError


def parsed_for_evaluation(overrides: Sequence[str]) -> list[Override]:
    """The overrides of an evaluation; raises a LikenessError for `trust`, which is an option there."""
    given = parsed(overrides)
    for one in given:
        if touches(one, "trust"):
            value = one.value()
            names = value if isinstance(value, list) else [value]
            raise LikenessError(
                f"{one.input_line} is not taken here: write {' '.join(f'--trust {name}' for name in names)}."
            )
    return given
