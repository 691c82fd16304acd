"""likeness find: the rate at which a loss falls fastest, and the sizes of a batch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from tiny import TINY

from likeness.applications import find as finding
from likeness.applications.find import find_batch_size, find_learning_rate
from likeness.errors import LikenessError
from likeness.runs.find import batch_size
from likeness.runs.find.batch_size import TriedSize, find_size
from likeness.runs.find.learning_rate import Tried, steepest


def test_the_steepest_descent_of_a_known_curve() -> None:
    rates = np.logspace(-6, 0, 61)
    losses = 1 - 0.5 * np.tanh(2 * (np.log10(rates) + 3)) + 10 * np.maximum(0, np.log10(rates) + 1)
    found = steepest([Tried(float(rate), float(loss)) for rate, loss in zip(rates, losses, strict=True)])
    assert found == pytest.approx(1e-3)
    with pytest.raises(LikenessError, match=r"falls at none of these rates"):
        steepest([Tried(float(rate), float(place)) for place, rate in enumerate(rates)])


def test_a_rate_is_found_for_a_training_that_needs_one() -> None:
    before = torch.random.get_rng_state()
    found = find_learning_rate([*TINY, "embedder.batch_norm=true"], lowest=1e-6, highest=10, steps=40)
    rates = [one.rate for one in found.tried]
    assert rates[:2] == pytest.approx([1e-6, 1e-6 * 10 ** (7 / 39)])
    assert 1e-6 < found.rate < 1
    assert f"{found.rate:.1e}" in str(found)
    torch.random.set_rng_state(before)
    with pytest.raises(LikenessError, match=r"--lowest=2 must be less than --highest=1"):
        find_learning_rate(TINY, lowest=2, highest=1, steps=40)


def test_sizes_are_tried_up_to_the_identities_that_there_are() -> None:
    found = find_batch_size(TINY)  # of 12 identities
    assert [(one.size, one.samples) for one in found.tried] == [(4, 12), (8, 24)]
    assert all(one.speed is not None and one.speed > 0 for one in found.tried)
    assert found.size in (4, 8)


def test_what_is_no_batch_of_identities_is_said() -> None:
    with pytest.raises(LikenessError, match=r"is for tasks whose batches have sampler\.identities"):
        find_batch_size(["+experiment=tiny_faces"])


@pytest.mark.parametrize(
    ("free", "memory", "tried"),
    [
        (700, {4: 100, 8: 200, 16: 400, 32: 800}, [4, 8, 16]),
        (10**9, {4: 1, 8: 2, 16: None, 32: 4}, [4, 8, 16]),
    ],
    ids=["by what the next would need", "by what did not fit"],
)
def test_it_ends_before_the_memory_does(
    free: int, memory: dict[int, int | None], tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(config: Any, recipe: Any, samples: int) -> tuple[float | None, int | None]:
        return (None, None) if memory[samples] is None else (float(samples), memory[samples])

    def sizes() -> Iterator[int]:
        yield from memory

    monkeypatch.setattr(batch_size, "_measured", measured)
    found = find_size(sizes(), lambda size: size, lambda size: (None, None), lambda: free)  # type: ignore[arg-type, return-value]
    assert [one.size for one in found.tried] == tried
    assert found.size == [one.size for one in found.tried if one.speed is not None][-1]
    assert ("not enough memory" in str(found)) == (None in memory.values())
    assert isinstance(found.tried[0], TriedSize)
    assert finding._free() > 0
