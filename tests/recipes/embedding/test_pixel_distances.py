"""Distances of raw pixels are those of each pair by itself, however few images are held at once."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from likeness.data.drawn_faces.images import DrawnFaces
from likeness.data.in_memory import InMemory
from likeness.recipes.embedding.encode import pixel_distances

IMAGE = 16 * 16 * 3  # bytes


class Counted(DrawnFaces):
    """Drawn faces that count what is loaded, and at most at once."""

    loaded, most = 0, 0

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        self.loaded += len(indices)
        self.most = max(self.most, len(indices))
        return super().load(indices)


@pytest.mark.parametrize(("held", "most"), [(1, 2), (5, 10), (20, 20)])
def test_they_are_those_of_each_pair(held: int, most: int) -> None:
    faces = Counted(0, 0, 5, 4, 16, 3)
    first, second = np.random.default_rng(0).integers(0, 20, (2, 300))
    pixels = np.stack(
        [image.numpy().ravel() / 255 for image in DrawnFaces(0, 0, 5, 4, 16, 3).load(range(20))]
    )
    expected = ((pixels[first] - pixels[second]) ** 2).sum(1)
    found = pixel_distances(faces, first, second, block=7, held=held * IMAGE)
    assert found == pytest.approx(expected, rel=1e-12)
    assert faces.most <= most
    if held == 20:
        assert faces.loaded == 1 + 20  # one for its size; once each


def test_no_bit_depends_on_which_pairs_are_taken_together() -> None:
    """Of a lone pair of large images torch's threads would each sum a part, and round otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 112, 112), dtype=np.uint8)
        samples = InMemory(pixels, np.arange(6))
        first, second = np.triu_indices(6)
        floats = torch.from_numpy(pixels).flatten(1).double() / 255
        expected = (floats[first] - floats[second]).square().sum(1).numpy()
        for held in (1, 2, 6):
            found = pixel_distances(samples, first, second, block=2, held=held * pixels[0].nbytes)
            assert found.tolist() == expected.tolist()
    finally:
        torch.set_num_threads(threads)
