"""No password or key stands in a configuration: it is recorded, reported, listed and tracked as it is."""

import re
from typing import Any

from likeness.config.key import leaves
from likeness.errors import LikenessError

_NAMES = re.compile(
    r"(.+[._-])?(api_?key|(access_?|auth_?)?token|secret(_?key)?|passw(or)?d|credentials?)", re.IGNORECASE
)
_ADDRESS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
"""An address with a password in it."""


def refuse_secrets(config: dict[str, Any]) -> None:
    """Raise a LikenessError that names the key, never its value, by whose name or value a secret is given."""
    for key, value in leaves(config):
        named = _NAMES.fullmatch(key.rpartition(".")[2]) is not None
        if isinstance(value, str | list) and value and (named or _ADDRESS.search(str(value))):
            what = "would be a secret, by its name" if named else "has an address with a password in it"
            raise LikenessError(
                f"{key} {what}, and records, reports and trackers show every value: let the part read it from a "
                "variable of the environment."
            )
