"""Ways in which a file of a run's folder may be garbage."""

import json
import random
from collections.abc import Callable
from typing import Any

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
OTHERS: list[Any] = [None, [], {}, "", "x", -1, 1.5, True, [1], {"x": []}, "\ud800", 10**400]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _flipped(content: bytes, draw: random.Random) -> bytes:
    altered = bytearray(content or b"x")
    altered[draw.randrange(len(altered))] ^= 1 << draw.randrange(8)
    return bytes(altered)


def _digit(content: bytes, draw: random.Random) -> bytes:
    """Another digit in the place of one."""
    places = [place for place, byte in enumerate(content) if byte in b"0123456789"]
    if not places:
        return b"7"
    place = draw.choice(places)
    other = draw.choice([digit for digit in b"0123456789" if digit != content[place]])
    return content[:place] + bytes([other]) + content[place + 1 :]


def _lines(content: bytes, draw: random.Random) -> bytes:
    """Lines in another order, some of them twice and some not at all."""
    lines = content.splitlines(keepends=True)
    return b"".join(draw.choices(lines, k=len(lines))) if lines else b"\n"


def _shape(content: bytes, draw: random.Random) -> bytes:
    """JSON in which one value is another, or is gone; of what is no JSON, JSON of whatever shape."""
    try:
        whole = json.loads(content)
    except ValueError:
        return json.dumps(draw.choice(OTHERS)).encode()
    places = list(_places(whole))
    if not places or draw.random() < 0.1:
        return json.dumps(draw.choice(OTHERS)).encode()
    owner, key = draw.choice(places)
    if draw.random() < 0.3:
        del owner[key]
    else:
        owner[key] = draw.choice(OTHERS)
    return json.dumps(whole, indent=2).encode()


def _places(node: Any) -> Any:
    """Each place of a value in nested containers, those high up as often as all below them."""
    if isinstance(node, dict | list):
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            below = list(_places(node[key]))
            yield from [(node, key)] * max(1, min(len(below), 5))
            yield from below


GARBLED: dict[str, Callable[[bytes, random.Random], bytes | None]] = {
    "gone": lambda content, draw: None,
    "empty": lambda content, draw: b"",
    "cut short": _cut,
    "a bit flipped": _flipped,
    "another digit": _digit,
    "random bytes": lambda content, draw: draw.randbytes(draw.randrange(1, 400)),
    "zeros": lambda content, draw: bytes(len(content)),
    "lines mixed": _lines,
    "another shape": _shape,
    "brackets": lambda content, draw: b"[" * 100_000,
    "an alias bomb": lambda content, draw: BOMB.encode(),
    "more at its end": lambda content, draw: content + draw.randbytes(40) + b"\n",
}
"""By its name what makes garbage of a file's content; None takes the file away."""
