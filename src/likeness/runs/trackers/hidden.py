"""What a tracker says, without the keys that it was given: its log lies in the run's folder, and a run repeats it."""

import os
import re

_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_ADDRESS = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_SHORTEST = 6  # characters; a shorter value would be found in any text
HIDDEN = "[hidden]"


def without_secrets(text: str) -> str:
    """`text`, in which passwords of addresses, and values of variables that are named as keys are, don't stand."""
    values = {value for name, value in os.environ.items() if _NAMES.search(name) and len(value) >= _SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _ADDRESS.sub(rf"\1:{HIDDEN}@", text)
