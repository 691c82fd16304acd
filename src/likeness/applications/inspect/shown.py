"""The layers and units that the page shows, as pictures."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, sqrt
from typing import NamedTuple

from likeness.applications.inspect.patches import Patch, patches_of, values_of
from likeness.applications.inspect.pictures import SIDES, Picture, all_of, beside, grid, of_part, of_whole
from likeness.applications.inspect.ranking import Ranking
from likeness.applications.inspect.subject import Subject
from likeness.data.fingerprint import spread_over
from likeness.inspection import LayeredNetwork, ReceptiveField, optimised_inputs
from likeness.inspection.fields import Box, whole
from likeness.randomness import key


class ShownUnit(NamedTuple):
    """A unit: its patches, as pictures of these, of the inputs around them, and of an optimised input if asked for."""

    unit: int
    patches: list[Patch]
    parts: Picture
    inputs: Picture
    optimised: Picture | None


class ShownLayer(NamedTuple):
    """A layer with those of its units that are shown; all of them may be dead."""

    name: str
    units: list[ShownUnit]


def shown_layers(
    subject: Subject, ranking: Ranking, fields: Mapping[str, ReceptiveField | None]
) -> list[ShownLayer]:
    """Some layers from shallow to deep, with some units of each."""
    from rich.console import Console
    from rich.progress import track

    names = [subject.layers[at] for at in spread_over(len(subject.layers), subject.config.show_layers)]
    terminal = Console(stderr=True)
    told = track(names, "layers", console=terminal, transient=True, disable=not terminal.is_terminal)
    return [
        ShownLayer(name, list(_units(subject, name, fields[name], ranking, _chosen(subject, ranking, name))))
        for name in told
    ]


def _chosen(subject: Subject, ranking: Ranking, name: str) -> list[int]:
    """Units spread over those that are not dead, whatever they show."""
    layer = subject.network.layers[name]
    dead = set(ranking.strongest[name].dead(rectified=layer.rectified))
    alive = [unit for unit in range(layer.channels) if unit not in dead]
    return [alive[at] for at in spread_over(len(alive), subject.config.show_units)]


def _units(
    subject: Subject, name: str, field: ReceptiveField | None, ranking: Ranking, units: Sequence[int]
) -> Iterator[ShownUnit]:
    found = _optimised(subject, name, field, units)
    side = SIDES[len(subject.network.sides)]
    for unit in units:
        patches = patches_of(subject, name, field, ranking.strongest[name], unit)
        values = values_of(subject, [patch.index for patch in patches])
        columns = ceil(sqrt(len(patches)))
        parts = [of_part(values[patch.index], patch.box, side) for patch in patches]
        inputs = [of_whole(values[patch.index], patch.box, side) for patch in patches]
        yield ShownUnit(unit, patches, grid(parts, columns), grid(inputs, columns), found.get(unit))


def _optimised(
    subject: Subject, name: str, field: ReceptiveField | None, units: Sequence[int]
) -> dict[int, Picture]:
    """By unit the input that optimisation finds, and what the unit sees of it, if that is asked for."""
    steps, network = subject.config.optimised, subject.network
    if not steps or not units:
        return {}
    seed = key("optimised", subject.config.seed, name) % 2**63
    low, high = subject.value_range
    found = optimised_inputs(network, name, units, steps=steps, seed=seed, value_range=(low, high))
    inputs = (found.numpy() - low) / (high - low)
    box, side = _seen_in_the_middle(network, name, field), 3 * SIDES[len(network.sides)] // 2
    pictures = {}
    for unit, values in zip(units, inputs, strict=True):
        seen = of_part(values, box, side)
        whole_input = of_whole(values, box, side) if box != all_of(values) else None
        pictures[unit] = beside([seen] if whole_input is None else [seen, whole_input])
    return pictures


def _seen_in_the_middle(network: LayeredNetwork, name: str, field: ReceptiveField | None) -> Box:
    middle = [side // 2 for side in network.layers[name].sides]
    return whole(network.sides) if field is None else field.box(middle, network.sides)
