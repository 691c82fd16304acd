"""Where in an input the gradient of a unit's value has its energy."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.inspection.fields import Box
from likeness.inspection.layered import LayeredNetwork

SHARE = 0.9


def energy_of(
    network: LayeredNetwork, layer: str, images: Tensor, units: Sequence[int], positions: Sequence[int]
) -> NDArray[np.float64]:
    """The squared gradients `[N, *spatial]`, summed over channels, of a unit's value at a position in each image.

    Args:
        network: whose layer it is.
        layer: its name.
        images: `[N, C, *spatial]`.
        units: one for each image.
        positions: one for each image, flattened.
    """
    images = images.detach().clone().requires_grad_()
    with torch.enable_grad():
        maps = network.features(images, [layer])[layer].flatten(2)
        value = maps[torch.arange(len(images)), torch.as_tensor(units), torch.as_tensor(positions)].sum()
        (gradient,) = torch.autograd.grad(value, images)
    energy: NDArray[np.float64] = gradient.double().square().sum(1).numpy()
    return energy


def box_of_energy(energy: NDArray[np.float64], share: float = SHARE) -> Box:
    """A small box that holds `share` of the energy `[*spatial]`: the weakest outermost slice goes, again and again."""
    low, high = [0] * energy.ndim, list(energy.shape)
    total = energy.sum()
    inside = energy
    left = total
    while True:
        faces = []
        for axis in range(energy.ndim):
            if inside.shape[axis] > 1:
                faces.append((inside.take(0, axis).sum(), axis, 0))
                faces.append((inside.take(-1, axis).sum(), axis, 1))
        if not faces:
            break
        weakest, axis, side = min(faces)
        if left - weakest < share * total:
            break
        left -= weakest
        low[axis] += side == 0
        high[axis] -= side == 1
        inside = energy[tuple(slice(*ends) for ends in zip(low, high, strict=True))]
    return tuple(slice(*ends) for ends in zip(low, high, strict=True))
