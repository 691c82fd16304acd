import numpy as np
import pytest

from likeness.data.style.levels import Level, level_at, levels


def test_a_level_of_twice_the_size_gets_half_the_steps():
    assert levels([256, 512, 1024], None, 700) == [
        Level(256, 0, 400),
        Level(512, 400, 600),
        Level(1024, 600, 700),
    ]


def test_portions_may_have_any_sum():
    assert (
        levels([32, 64], [1, 3], 8) == levels([32, 64], [0.25, 0.75], 8) == [Level(32, 0, 2), Level(64, 2, 8)]
    )


def test_every_step_has_its_level_and_every_level_a_step():
    draw = np.random.default_rng(0)
    for _ in range(300):
        count = int(draw.integers(1, 6))
        total = int(draw.integers(count, 40))
        sizes = np.cumsum(draw.integers(1, 99, count)).tolist()
        found = levels(sizes, (10 ** draw.normal(size=count)).tolist(), total)
        assert [level.size for level in found] == sizes
        whole = [number for number, level in enumerate(found) for _ in range(level.start, level.stop)]
        assert len(whole) == total
        assert set(whole) == set(range(count))
        assert [level_at(found, step) for step in range(total)] == whole
        assert level_at(found, total) == level_at(found, total + 99) == count - 1


@pytest.mark.parametrize(
    ("sizes", "portions", "steps", "sentence"),
    [
        ([], None, 9, r"sizes=\[\] is no pyramid"),
        ([64, 64], None, 9, r"sizes=\[64, 64\] is no pyramid"),
        ([64, 32], None, 9, "give sizes that grow"),
        ([32, 64], [1.0], 9, r"portions=\[1.0\] doesn't divide the steps among the 2 sizes \[32, 64\]"),
        ([32, 64], [1.0, 0.0], 9, "a positive number for each"),
        ([32, 64], None, 1, r"1 steps are too few for the 2 sizes"),
    ],
)
def test_what_is_no_pyramid_is_one_sentence(sizes, portions, steps, sentence):
    with pytest.raises(ValueError, match=sentence):
        levels(sizes, portions, steps)
