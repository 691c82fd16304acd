"""Paths as values on a command line: taken as they are, whatever Hydra's grammar makes of their characters.

To Hydra `~/pictures`, `José`, `a#b` or `Photos (2024)` are no values, and `2024` and `true` are no text.
"""

import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from likeness.config.overrides import quoted

_DATA = ("data", "test_data", "extra_data")
SINGLE = frozenset(
    [
        "runs_dir",
        "identification.root",
        "task.start",
        *(f"{part}.weights" for part in ("backbone", "detector", "landmarker", "stylizer")),
        "backbone.path",
        *(
            f"{part}.{key}"
            for part in _DATA
            for key in (
                *("root", "path", "annotations", "images", "content", "contents", "styles"),
                *("samples", "labels", "test_samples", "test_labels", "contexts"),
            )
        ),
    ]
)
"""Keys that take a path, or the name of an array, which in a folder is that of a file."""

SEVERAL = frozenset(f"{part}.{key}" for part in _DATA for key in ("style", "masks", "train", "test"))
"""Keys that take a path or a list of them."""

_OVERRIDE = re.compile(r"(\+{0,2})([\w.]+)=(.+)", re.DOTALL)
_OF_A_SWEEP = re.compile(r"(choice|range|interval|glob|shuffle|sort|tag)\(.*\)", re.DOTALL)


def with_literal_paths(arguments: Sequence[str], *, sweeps: bool = False) -> list[str]:
    """The arguments of a command line, the values of paths quoted for Hydra where it would not take them as they are.

    What the user quoted for Hydra, a list, `null`, an interpolation such as `${oc.env:HOME}/a` and, where `sweeps`,
    what several jobs take one each of, stay what they are; `'null'` is a folder of that name.
    """
    return [_literal(argument, sweeps=sweeps) for argument in arguments]


def _literal(argument: str, *, sweeps: bool) -> str:
    found = _OVERRIDE.fullmatch(argument)
    if found is None or found[2] not in SINGLE | SEVERAL:
        return argument
    plus, key, value = found.groups()
    if sweeps and _OF_A_SWEEP.fullmatch(value):
        return argument
    if key in SEVERAL and value.startswith("[") and value.endswith("]"):
        return f"{plus}{key}=[{_each(value[1:-1])}]"
    return f"{plus}{key}={_each(value) if sweeps else _one(value)}"


def _each(values: str) -> str:
    """Several paths with commas between them; none is looked at where one is quoted, as a comma may be."""
    if "'" in values or '"' in values:
        return values
    return ",".join(_one(value) if value.strip() else value for value in values.split(","))


def _one(value: str) -> str:
    quotes = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
    if quotes or value == "null" or "${" in value or _is_read_as_it_is(value):
        return value
    return quoted(value)


def _is_read_as_it_is(value: str) -> bool:
    if "\\" in value:  # which would part no values where it stands before a comma
        return False
    try:
        (override,) = OverridesParser.create().parse_overrides([f"key={value}"])
        return override.value() == value
    except HydraException:
        return False
