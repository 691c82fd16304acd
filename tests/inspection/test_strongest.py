"""The strongest inputs of a stream are those of a sort over all of it."""

import numpy as np
import pytest
import torch

from likeness.inspection import Strongest


def stream(top: int, maps: torch.Tensor, batch: int) -> Strongest:
    strongest = Strongest(maps.shape[1], top)
    for start in range(0, len(maps), batch):
        part = maps[start : start + batch]
        strongest.add(part, torch.arange(start, start + len(part)))
    return strongest


def by_brute_force(top: int, maps: torch.Tensor) -> list[list[tuple[float, int, int]]]:
    """Of each unit (value, index, position), the strongest first, of equal values the lower index."""
    found = []
    for unit in range(maps.shape[1]):
        rows = []
        for index, image in enumerate(maps[:, unit].flatten(1).numpy()):
            position = int(np.flatnonzero(image == image.max())[0])
            rows.append((float(image[position]), index, position))
        found.append(sorted(rows, key=lambda row: (-row[0], row[1]))[:top])
    return found


@pytest.mark.parametrize("spatial", [(11,), (5, 4), (3, 2, 4)])
@pytest.mark.parametrize("batch", [1, 7, 64])
@pytest.mark.parametrize("kind", ["numbers", "ties", "saturated"])
def test_equal_to_brute_force(spatial: tuple[int, ...], batch: int, kind: str) -> None:
    draw = torch.Generator().manual_seed(len(spatial))
    maps = torch.randn(64, 6, *spatial, generator=draw)
    if kind == "ties":
        maps = maps.mul(2).round()
    if kind == "saturated":
        maps = maps.clamp(0, 0.5)
    strongest = stream(9, maps, batch)
    expected = by_brute_force(9, maps)
    for unit, rows in enumerate(expected):
        assert strongest.value[unit].tolist() == [row[0] for row in rows]
        assert strongest.index[unit].tolist() == [row[1] for row in rows]
        assert strongest.position[unit].tolist() == [row[2] for row in rows]


@pytest.mark.parametrize("positions", [4, 200])  # few are read over images first, many by rows
def test_late_in_a_long_stream_equal_to_brute_force(positions: int) -> None:
    maps = torch.randn(400, 12, positions, generator=torch.Generator().manual_seed(positions))
    maps[:, :4] = maps[:, :4].mul(2).round()
    maps[:, 4] = 3.0
    maps[:, 5] = 3.0
    maps[350, 5] = 2.0  # late, and weaker: it is no longer the same in all images
    maps[390, 6, 1] = 99.0
    strongest = stream(9, maps, 8)
    for unit, rows in enumerate(by_brute_force(9, maps)):
        assert strongest.value[unit].tolist() == [row[0] for row in rows]
        assert strongest.index[unit].tolist() == [row[1] for row in rows]
        assert strongest.position[unit].tolist() == [row[2] for row in rows]
    assert strongest.dead(rectified=False) == [4]


def test_an_image_left_out_leaves_the_others_their_numbers() -> None:
    maps = torch.arange(6.0).reshape(3, 2, 1)
    strongest = Strongest(2, 9)
    strongest.add(maps, torch.tensor([0, 4, 9]))
    assert strongest.index[:, :4].tolist() == [[9, 4, 0, -1]] * 2
    assert strongest.value[:, 3].tolist() == [-np.inf] * 2


def test_maps_in_another_layout_give_the_same() -> None:
    maps = torch.randn(20, 8, 5, 4)
    there, other = stream(3, maps, 6), stream(3, maps.to(memory_format=torch.channels_last), 6)
    for one, two in zip(there.arrays(), other.arrays(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_goes_on_from_what_is_held() -> None:
    maps = torch.randn(30, 4, 7)
    whole, first = stream(5, maps, 10), stream(5, maps[:20], 10)
    later = Strongest(4, 5)
    later.restore(first.arrays())
    later.add(maps[20:], torch.arange(20, 30))
    for one, two in zip(whole.arrays(), later.arrays(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_dead_units() -> None:
    maps = torch.zeros(4, 4, 3)
    maps[:, 0] = -1 - torch.rand(4, 3)  # never above zero
    maps[2, 1, 1] = 0.5
    maps[:, 2] = 3.0  # always the same
    maps[:, 3] = torch.tensor([1.0, 2, 3, 4])[:, None]
    strongest = stream(2, maps, 2)
    assert strongest.dead(rectified=True) == [0, 2]
    assert strongest.dead(rectified=False) == [2]


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    maps = torch.rand(2, 3, 4)
    maps[1, 2, 3] = wrong
    with pytest.raises(ValueError, match="not all numbers"):
        Strongest(3, 9).add(maps, torch.arange(2))
