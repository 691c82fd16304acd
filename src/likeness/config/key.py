"""What of a configuration decides a run's numbers: its key, and where two configurations differ."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

NEUTRAL = (
    "runs_dir",
    "loader",
    "logger",
    "checkpoints",
    "sweep",
    "trust",
    "data.hash",
    "test_data.hash",
    "extra_data.hash",
    "sampler.keep_mib",
)
"""Dotted keys by which a run may be told to go on, without a number of it changing."""

ELASTIC = ("trainer.devices", "trainer.num_nodes")
"""Dotted keys by which a run may be told to go on with the same samples in the same order, and other last bits."""


class Difference(NamedTuple):
    """A key, by its dotted name, that has another value in one of two configurations; None where it is missing."""

    key: str
    first: Any
    second: Any


def key_of(config: dict[str, Any]) -> str:
    """A hexadecimal key that two plain, resolved configurations share where their runs' numbers must be equal."""
    return sha256(json.dumps(deciding(config), sort_keys=True).encode()).hexdigest()[:16]


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """Where two configurations differ in what decides a run's numbers, in the order of their keys."""
    return compare_values(deciding(first), deciding(second))


def compare_values(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """Where two nested dictionaries differ, by dotted keys."""
    a, b = dict(leaves(first)), dict(leaves(second))
    return [
        Difference(key, a.get(key), b.get(key))
        for key in dict.fromkeys([*a, *b])
        if (key in a, json.dumps(a.get(key))) != (key in b, json.dumps(b.get(key)))
    ]


def leaves(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted keys and the values of a nested dictionary; an empty dictionary is a value."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def deciding(config: dict[str, Any], *others: str) -> dict[str, Any]:
    """What of a configuration decides a run's numbers, without `others`, further dotted keys."""
    return _without(config, {*NEUTRAL, *others})


def _without(node: dict[str, Any], left_out: set[str], prefix: str = "") -> dict[str, Any]:
    return {
        key: _without(value, left_out, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in node.items()
        if f"{prefix}{key}" not in left_out
    }
