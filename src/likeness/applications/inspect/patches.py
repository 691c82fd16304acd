"""The patches of a layer's strongest inputs: cut by the exact receptive field, or by where the gradient's energy is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from likeness.applications.inspect.pictures import Values
from likeness.applications.inspect.subject import Subject
from likeness.data.as_float import as_float
from likeness.inspection import ReceptiveField, Strongest, box_of_energy, energy_of
from likeness.inspection.fields import Box, whole


class Patch(NamedTuple):
    """One of a unit's strongest inputs.

    Attributes:
        index: of the input.
        value: of the unit, before the activation.
        position: where in its map, by axis.
        box: what of the input it is cut to.
        exact: whether that is the receptive field, and not the box of 90% of the gradient's energy.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which a patch has no use for
    value: float
    position: tuple[int, ...]
    box: Box
    exact: bool


def patches_of(
    subject: Subject, layer: str, field: ReceptiveField | None, strongest: Strongest, unit: int
) -> list[Patch]:
    """A unit's patches, the strongest first."""
    sides, map_sides = subject.network.sides, subject.network.layers[layer].sides
    kept = [place for place in range(strongest.top) if strongest.index[unit, place] >= 0]
    indices = [int(strongest.index[unit, place]) for place in kept]
    flat = [int(strongest.position[unit, place]) for place in kept]
    positions = [tuple(int(at) for at in np.unravel_index(place, map_sides)) for place in flat]
    if field is None:
        exact: list[Box] = [whole(sides)] * len(kept)
    else:
        exact = [field.box(position, sides) for position in positions]
    everything = [place for place, box in enumerate(exact) if box == whole(sides)]
    by_energy = {}
    if everything:
        images = as_float(torch.stack(subject.images.load([indices[place] for place in everything])))
        energies = energy_of(
            subject.network, layer, images, [unit] * len(everything), [flat[place] for place in everything]
        )
        by_energy = {place: box_of_energy(energy) for place, energy in zip(everything, energies, strict=True)}
    return [
        Patch(
            indices[place],
            float(strongest.value[unit, place]),
            positions[place],
            by_energy.get(place, exact[place]),
            place not in by_energy,
        )
        for place in kept
    ]


def values_of(subject: Subject, indices: Sequence[int]) -> dict[int, Values]:
    """By index the inputs, with the range of the data as [0, 1]."""
    low, high = subject.value_range
    chosen = list(dict.fromkeys(indices))
    return {
        index: as_float(image[None]).sub(low).div(high - low)[0].numpy()
        for index, image in zip(chosen, subject.images.load(chosen), strict=True)
    }
