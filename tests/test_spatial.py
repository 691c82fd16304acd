"""What a spatial size is."""

from typing import Any

import pytest

from likeness.spatial import height_and_width, sides, square_side


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, (5, 5)), ([5], (5,)), ([5, 6], (5, 6)), ((2, 3, 4), (2, 3, 4)), ([5, 5], (5, 5))],
)
def test_a_number_is_a_square_and_a_list_is_itself(given: Any, expected: tuple[int, ...]) -> None:
    assert sides(given) == expected


@pytest.mark.parametrize(
    "given", [0, -1, True, None, 2.0, "64", [], [1, 2, 3, 4], [8, 0], [8, 2.5], [True, 8]]
)
def test_nothing_else_is_one(given: Any) -> None:
    with pytest.raises(ValueError, match=r"is neither a number nor 1 to 3 lengths of at least 1$"):
        sides(given)


def test_what_is_for_images_alone_says_so() -> None:
    assert height_and_width([4, 5], "x") == (4, 5)
    assert square_side([4, 4], "x") == square_side(4, "x") == 4
    for given in ([7], [2, 3, 4]):
        with pytest.raises(
            ValueError, match=r"^x takes two-dimensional images alone, of a spatial_size such as 64 or"
        ):
            height_and_width(given, "x")
    with pytest.raises(ValueError, match=r"^x takes square images alone, of a spatial_size such as 64, not"):
        square_side([4, 5], "x")
