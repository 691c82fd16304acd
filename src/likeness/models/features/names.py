"""The names of layers, and what is said of one that there is not."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

FEW = 40  # names that a sentence can hold


def refuse_unknown(layers: Iterable[str], known: Sequence[str], network: str) -> None:
    """Check that there are layers to ask for, and that the network has them.

    Raises:
        ValueError: a layer is not known; the sentence lists those that are, the likest first if there are many.
    """
    layers = list(layers)
    if not layers:
        raise ValueError(f"No layer of {network} is asked for; name one, such as {known[0]}.")
    for layer in layers:
        if layer not in known:
            names = ", ".join(known) if len(known) <= FEW else _likest(layer, known)
            raise ValueError(f"{network} has no layer {layer}; its layers are {names}.")


def _likest(layer: str, known: Sequence[str]) -> str:
    """The names most like `layer`, and how many there are beside."""
    likeness = {name: SequenceMatcher(None, layer, name).ratio() for name in known}
    first = sorted(known, key=lambda name: -likeness[name])[:FEW]
    return f"{', '.join(first)} and {len(known) - FEW} more"
