"""Log-mel spectrograms equal a loop in NumPy, find tones, and forget how loud a signal was."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from likeness.models.log_mel import LogMel, mel, triangles
from likeness.models.mel_conv import mel_conv

RATE, BANDS, WINDOW, HOP = 8000, 24, 0.025, 0.01
KEYS = {"width": 8, "bands": BANDS, "rate": RATE, "mean": [0.0], "std": [1.0]}


def in_mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def in_hertz(place: float) -> float:
    return 700 * (10 ** (place / 2595) - 1)


def by_loops(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[bands, frames]`: a frame and a band at a time."""
    length, step, size = 200, 80, 256
    hann = np.array([0.5 - 0.5 * np.cos(2 * np.pi * n / length) for n in range(length)])
    edges = [in_hertz(in_mel(RATE / 2) * n / (BANDS + 1)) for n in range(BANDS + 2)]
    columns = []
    for start in range(0, len(signal) - length + 1, step):
        power = np.abs(np.fft.rfft(signal[start : start + length] * hann, size)) ** 2
        column = []
        for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
            total = 1e-10
            for place, value in enumerate(power):
                at = in_mel(place * RATE / size)
                up = (at - in_mel(low)) / (in_mel(centre) - in_mel(low))
                down = (in_mel(high) - at) / (in_mel(high) - in_mel(centre))
                total += max(0.0, min(up, down)) * value
            column.append(np.log(total))
        columns.append(column)
    spectrogram = np.array(columns).T
    return spectrogram - spectrogram.mean(axis=1, keepdims=True)


def test_the_scale_is_the_published_one() -> None:
    assert mel(torch.tensor([0.0, 1000.0])).tolist() == pytest.approx([0, 1000], abs=0.02)


def test_a_spectrogram_is_that_of_loops() -> None:
    signal = np.random.default_rng(0).standard_normal(1200)
    front = LogMel(rate=RATE, bands=BANDS, window=WINDOW, hop=HOP)
    found = front(torch.tensor(signal, dtype=torch.float32)[None, None])[0]
    expected = by_loops(signal)
    assert front.frames(1200) == expected.shape[1] == found.shape[1]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_weights_of_a_frequency_sum_to_1_between_the_outer_centres() -> None:
    weight = triangles(BANDS, RATE, 129)
    place = mel(torch.linspace(0, RATE / 2, 129))
    step = float(place[-1]) / (BANDS + 1)
    inside = (place >= step) & (place <= BANDS * step)
    torch.testing.assert_close(weight.sum(0)[inside], torch.ones(int(inside.sum())))


@pytest.mark.parametrize("band", [3, 11, 20])
def test_a_tone_is_in_its_band_only_while_it_lasts(band: int) -> None:
    tone = torch.sin(
        2 * torch.pi * in_hertz(in_mel(RATE / 2) * (band + 1) / (BANDS + 1)) * torch.arange(RATE // 2) / RATE
    )
    signal = torch.cat([tone, torch.zeros(RATE // 2)])[None, None]
    front = LogMel(rate=RATE, bands=BANDS, window=WINDOW, hop=HOP)
    bands = front(signal)[0]
    assert int(bands[:, 10].argmax()) == band
    assert float(bands[band, :45].min()) > 10 + float(bands[band, 55:].max())


def test_how_loud_a_signal_is_changes_nothing() -> None:
    signals = torch.randn(2, 1, 4000, generator=torch.Generator().manual_seed(0))
    front = LogMel(rate=RATE, bands=BANDS, window=WINDOW, hop=HOP)
    torch.testing.assert_close(front(10 * signals), front(signals), atol=1e-4, rtol=0)


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
def test_silence_has_a_spectrum_in_16_bits_too(precision: torch.dtype) -> None:
    signals = torch.randn(2, 1, 2000, generator=torch.Generator().manual_seed(0))
    signals[0, :, 1000:] = 0
    spectrum = LogMel(rate=8000, bands=20, window=0.025, hop=0.01)
    with torch.autocast("cpu", precision):
        halves = spectrum(signals)
    assert torch.equal(halves, spectrum(signals))
    assert halves.isfinite().all()


def test_the_network_reaches_as_far_as_it_says() -> None:
    shortest = 200 + 14 * 80
    samples = torch.randn(3, 1, shortest)
    network = mel_conv(spatial_size=[shortest], channels=1, **KEYS).eval()
    assert network(samples).shape == (3, network.feature_dim) == (3, 48)
    with pytest.raises(ValueError, match=r"1319 values at 8000 a second are 14 frames, .* need 15"):
        mel_conv(spatial_size=[shortest - 1], channels=1, **KEYS)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"spatial_size": 64, "channels": 1}, "backbone=mel_conv is for signals"),
        ({"spatial_size": [8000], "channels": 2}, "channels=2, but a spectrogram is of one"),
        ({"spatial_size": [8000], "channels": 1, "bands": 200}, "bands=200 are too many for a window of 256"),
    ],
)
def test_what_has_no_spectrogram_is_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mel_conv(**{**KEYS, **keys})
