"""A data source: striped textures, each identity with an angle and a frequency of its own."""

import numpy as np

from likeness.data.images import DataSplits
from likeness.data.in_memory import InMemory
from likeness.randomness import generator


def gratings(*, identities: int, images: int, spatial_size: int, channels: int, seed: int = 0) -> DataSplits:
    """`images` noisy gratings of each of `identities` to train on; of half as many others to validate, and to test."""
    place = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, spatial_size)]))

    def part(name: str, count: int) -> InMemory:
        draw = generator("gratings", name, seed)
        angle, frequency = draw.uniform(0, np.pi, count), draw.uniform(3, 12, count)
        identity = np.arange(count).repeat(images)
        wave = frequency * np.stack([np.cos(angle), np.sin(angle)])
        phase = draw.uniform(0, 2 * np.pi, (len(identity), 1, 1, 1))
        stripes = np.sin(np.tensordot(wave[:, identity].T, place, 1)[:, None] + phase)
        noise = draw.normal(0, 0.5, (len(identity), channels, spatial_size, spatial_size))
        return InMemory(np.clip(128 + 60 * (stripes + noise), 0, 255).astype(np.uint8), identity)

    half = max(2, identities // 2)
    return DataSplits(
        train=part("train", identities), validation=part("validation", half), test=part("test", half)
    )
