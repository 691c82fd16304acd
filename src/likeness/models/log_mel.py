"""Log-mel spectrograms: how strong a signal is in bands that are as wide as the ear's, over time."""

from math import ceil

import torch
from torch import Tensor, nn

_FLOOR = 1e-10
"""Added to a power, so that silence has a logarithm."""


def mel(hertz: Tensor) -> Tensor:
    """Frequencies in mel: 2595 log10(1 + f / 700) (O'Shaughnessy 1987, "Speech Communication")."""
    return 2595 * torch.log10(1 + hertz / 700)


def triangles(bands: int, rate: int, frequencies: int) -> Tensor:
    """The weight `[bands, frequencies]` of each frequency of a Fourier transform in each band.

    The bands' centres lie evenly in mel between 0 and half the `rate`; a band is a triangle that begins and ends at the
    centres of its neighbours (Davis and Mermelstein 1980), so that between the first centre and the last the weights
    of a frequency sum to 1.

    Raises:
        ValueError: a band is so narrow that no frequency is in it.
    """
    place = mel(torch.linspace(0, rate / 2, frequencies, dtype=torch.float64))
    edges = torch.linspace(0, float(place[-1]), bands + 2, dtype=torch.float64)
    rising = (place - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - place) / (edges[2:] - edges[1:-1])[:, None]
    weight = torch.minimum(rising, falling).clamp(min=0)
    if not bool((weight.sum(1) > 0).all()):
        raise ValueError(
            f"bands={bands} are too many for a window of {2 * (frequencies - 1)} values: take fewer"
        )
    return weight.float()


class LogMel(nn.Module):
    """Log-mel spectrograms `[B, bands, frames]` of signals `[B, 1, L]`, less each band's mean over time.

    That mean holds the microphone and the room, and how loud it was, rather than who spoke (Furui 1981).

    Args:
        rate: values a second.
        bands: their number.
        window: seconds that a frame lasts, under a Hann window.
        hop: seconds from one frame to the next.

    Raises:
        ValueError: a band is so narrow that no frequency is in it.
    """

    def __init__(self, *, rate: int, bands: int, window: float, hop: float) -> None:
        super().__init__()
        self.length, self.step = ceil(window * rate), max(1, round(hop * rate))
        self.transform = 1 << (self.length - 1).bit_length()  # values of a frame, with zeros behind it
        self.register_buffer("hann", torch.hann_window(self.length), persistent=False)
        self.register_buffer("bands", triangles(bands, rate, self.transform // 2 + 1), persistent=False)

    def frames(self, length: int) -> int:
        """How many frames a signal of so many values has."""
        return max(0, (length - self.length) // self.step + 1)

    def forward(self, signals: Tensor) -> Tensor:
        """Spectrograms `[B, bands, frames]`, float32, of signals `[B, 1, L]`."""
        with torch.autocast(signals.device.type, enabled=False):  # the floor is nothing in 16 bits
            frames = signals.float().squeeze(1).unfold(1, self.length, self.step) * self.get_buffer("hann")
            spectrum = torch.fft.rfft(frames, n=self.transform)
            power = spectrum.real.square() + spectrum.imag.square()
            bands: Tensor = (power @ self.get_buffer("bands").T + _FLOOR).log().transpose(1, 2)
            return bands - bands.mean(dim=2, keepdim=True)
