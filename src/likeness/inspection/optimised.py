"""Inputs that optimisation finds for units, from a decorrelated start in the Fourier domain, at any rank.

Olah, Mordvintsev and Schubert 2017, "Feature Visualization", Distill.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from likeness.inspection.layered import LayeredNetwork

COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]])
"""The square root of the correlation of photographs' red, green and blue (Olah et al.'s own code)."""

RATE = 0.05


def optimised_inputs(
    network: LayeredNetwork,
    layer: str,
    units: Sequence[int],
    *,
    steps: int,
    seed: int,
    value_range: tuple[float, float] = (0.0, 1.0),
) -> Tensor:
    """Inputs `[N, C, *spatial]`, one for each unit, that make its value in the middle of the map large.

    What is optimised is the spectrum, weighted by one over the frequency as that of natural inputs is, and of three
    channels their decorrelated colours. At each step the input is shifted by up to half of what the layer's positions
    are apart, so that it is no pattern of one alignment alone.

    Args:
        network: whose layer it is.
        layer: its name.
        units: which of its units.
        steps: of Adam.
        seed: of the start and the shifts.
        value_range: the least and the greatest value that an input may have.
    """
    sides, channels = network.sides, network.channels
    draw = torch.Generator().manual_seed(seed)
    scale, (low, high) = _amplitudes(sides), value_range
    spectrum = 0.01 * torch.randn(len(units), channels, *scale.shape, 2, generator=draw)
    spectrum.requires_grad_()
    colours = COLOURS / COLOURS.norm(dim=0).max() if channels == 3 else torch.eye(channels)
    adam = torch.optim.Adam([spectrum], lr=RATE)
    axes = tuple(range(2, 2 + len(sides)))
    reach = [
        side // positions // 2 for side, positions in zip(sides, network.layers[layer].sides, strict=True)
    ]
    middle = [side // 2 for side in network.layers[layer].sides]
    at: tuple[Tensor | int, ...] = (torch.arange(len(units)), torch.as_tensor(units), *middle)

    def shown() -> Tensor:
        weighted = torch.view_as_complex(spectrum) * scale
        values = torch.fft.irfftn(weighted, s=sides, dim=axes) / 4
        shares = torch.sigmoid(torch.einsum("ij,nj...->ni...", colours, values))
        return low + (high - low) * shares

    for _ in range(steps):
        shifts = [int(torch.randint(-far, far + 1, (), generator=draw)) for far in reach]
        maps = network.features(shown().roll(shifts, axes), [layer])[layer]
        (spectrum.grad,) = torch.autograd.grad(-maps[at].sum(), spectrum)
        adam.step()
    return shown().detach()


def _amplitudes(sides: Sequence[int]) -> Tensor:
    """By frequency, of a real input's spectrum, what natural inputs have: one over it."""
    axes = [np.fft.fftfreq(side) for side in sides[:-1]] + [np.fft.rfftfreq(sides[-1])]
    frequency = np.sqrt(sum(np.square(axis) for axis in np.meshgrid(*axes, indexing="ij")))
    scale = np.sqrt(np.prod(sides)) / np.maximum(frequency, 1 / max(sides))
    return torch.from_numpy(scale.astype(np.float32))
