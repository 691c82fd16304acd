"""The libraries side by side."""

from collections.abc import Callable

import neural_style_peer
import pystiche_peer
import tutorial_peer
from contender import Make
from ours import Stage, staged

TUTORIAL, NEURAL_STYLE, PYSTICHE = "tutorial's loop", "neural-style", "pystiche"
OURS = "likeness"
BF16 = f"{OURS}, bf16 features"

EXACT: dict[str, Make] = {
    OURS: staged(Stage()),
    TUTORIAL: tutorial_peer.make,
    NEURAL_STYLE: neural_style_peer.make,
    PYSTICHE: pystiche_peer.make,
}
"""Those that compute the same in float32."""

SPED: dict[str, Make] = {BF16: staged(Stage(half=True))}
"""Those that round."""

SCHEDULED: dict[str, Callable[[float], Make]] = {
    f"{OURS}, bf16 then float32": lambda budget: staged(Stage(half=True, until=0.8 * budget), Stage()),
    f"{OURS}, 128 then 256": lambda budget: staged(Stage(scale=0.5, until=0.3 * budget), Stage()),
    f"{OURS}, both": lambda budget: staged(
        Stage(scale=0.5, half=True, until=0.3 * budget), Stage(half=True, until=0.8 * budget), Stage()
    ),
}
"""Those that go by the seconds there are in all."""
