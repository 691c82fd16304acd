"""Alignment by five points, beside other solutions of the same least squares and other ways to resize."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from sample_images import pixels

from likeness.data.alignment import SIDE, TEMPLATE, aligned, similarity_transform


def known(scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    """The matrix of a similarity."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([[scale * cosine, -scale * sine, x], [scale * sine, scale * cosine, y]])


def under(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def by_singular_values(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Umeyama's equations 38 to 43 as printed."""
    s, t = source - source.mean(0), target - target.mean(0)
    u, d, vt = np.linalg.svd(t.T @ s / len(s))
    sign = np.array([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ np.diag(sign) @ vt
    scale = (d * sign).sum() / (s**2).sum(1).mean()
    return np.c_[scale * rotation, target.mean(0) - scale * rotation @ source.mean(0)]


def by_linear_equations(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Unknown a, b, x and y in `(a u - b v + x, b u + a v + y)`."""
    u, v = source.T
    one, none = np.ones_like(u), np.zeros_like(u)
    equations = np.r_[np.c_[u, -v, one, none], np.c_[v, u, none, one]]
    a, b, x, y = np.linalg.lstsq(equations, np.r_[target[:, 0], target[:, 1]], rcond=None)[0]
    return np.array([[a, -b, x], [b, a, y]])


@pytest.mark.parametrize("solve", [by_singular_values, by_linear_equations])
def test_it_is_the_least_squares_solution(solve) -> None:
    draw = np.random.default_rng(0)
    for _ in range(50):
        source = TEMPLATE * draw.uniform(0.2, 9) + draw.normal(0, 12, (5, 2)) + draw.uniform(0, 900, 2)
        assert np.allclose(similarity_transform(source, TEMPLATE), solve(source, TEMPLATE), atol=1e-7)


def test_mirrored_points_are_turned_and_not_reflected() -> None:
    source = TEMPLATE * [-1, 1] + [0.0, 3.0]
    found = similarity_transform(source, TEMPLATE)
    assert np.allclose(found, by_singular_values(source, TEMPLATE))
    assert np.linalg.det(found[:, :2]) > 0


def test_a_known_similarity_is_recovered() -> None:
    for number, degrees in enumerate(range(-180, 180, 40)):
        matrix = known(0.1 * 2**number, degrees, 17.5, -230.25)
        assert np.allclose(similarity_transform(TEMPLATE, under(matrix, TEMPLATE)), matrix, rtol=1e-12)


DEGENERATE = {
    "all in one place": np.full((5, 2), 20.0),
    "not a finite number": np.where(np.arange(5)[:, None] == 3, np.nan, TEMPLATE),
}


@pytest.mark.parametrize(("message", "points"), DEGENERATE.items())
def test_points_that_say_no_place_are_refused(message: str, points: np.ndarray) -> None:
    with pytest.raises(ValueError, match=message):
        aligned(torch.zeros(3, 40, 40, dtype=torch.uint8), torch.tensor(points))


def test_other_shapes_are_refused() -> None:
    image, points = torch.zeros(3, 40, 40, dtype=torch.uint8), torch.tensor(TEMPLATE)
    with pytest.raises(ValueError, match=r"but `image` is torch\.float32"):
        aligned(image.float(), points)
    with pytest.raises(ValueError, match=r"`points` has the shape \[4, 2\]"):
        aligned(image, points[:4])
    with pytest.raises(ValueError, match="size=0"):
        aligned(image, points, size=0)
    with pytest.raises(ValueError, match=r"has \[1, 2\] and \[1, 2\]"):
        similarity_transform(TEMPLATE[:1], TEMPLATE[:1])


def image_of(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))


def moved(matrix: np.ndarray) -> torch.Tensor:
    """The points of a face that `matrix` takes to the template."""
    inverse = np.linalg.inv(np.r_[matrix, [[0, 0, 1]]])[:2]
    return torch.tensor(under(inverse, TEMPLATE))


def test_an_aligned_face_keeps_its_pixels() -> None:
    image = image_of(pixels((SIDE, SIDE)))
    assert torch.equal(aligned(image, torch.tensor(TEMPLATE)), image)


def test_a_shift_by_whole_pixels_moves_them_and_outside_is_black() -> None:
    image = image_of(pixels((SIDE, SIDE))).clamp(min=1)
    found = aligned(image, moved(known(1, 0, 20, -7)))
    assert torch.equal(found[:, : SIDE - 7, 20:], image[:, 7:, : SIDE - 20])
    assert (found[:, SIDE - 7 :] == 0).all()
    assert (found[:, :, :20] == 0).all()


def test_points_far_apart_cost_no_more_than_the_image_has() -> None:
    """A triangle as wide as half a million pixels: the few pixels of the image are a speck in the middle of black."""
    image = torch.full((3, 8, 8), 255, dtype=torch.uint8)
    points = torch.from_numpy(TEMPLATE - 56) * 1e4 + 4
    face = aligned(image, points)
    assert int(face.max()) <= 1


def test_a_quarter_turn_turns_pixels() -> None:
    image = image_of(pixels((SIDE, SIDE)))
    assert torch.equal(aligned(image, moved(known(1, 90, SIDE, 0))), torch.rot90(image, -1, (1, 2)))


@pytest.mark.parametrize("side", [56, 112, 150, 224, 333, 560])
def test_an_upright_face_is_resized_as_pillow_does(side: int) -> None:
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    found = aligned(image_of(noise), moved(known(SIDE / side, 0, 0, 0))).int()
    expected = image_of(
        np.array(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    ).int()
    edge = math.ceil(SIDE / side)  # where Pillow repeats what is inside, and here it is black outside
    inner = slice(edge, SIDE - edge)
    assert (found[:, inner, inner] - expected[:, inner, inner]).abs().max() <= 1


def test_a_shrunk_and_turned_pattern_does_not_alias() -> None:
    """Stripes of two pixels are one grey in a face eight times as small; without a wider filter they are not."""
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 255
    found = aligned(image_of(stripes), moved(known(1 / 8, 33, 40, -60))).float()
    inner = found[:, 40:72, 40:72]
    assert (inner - 127.5).abs().max() <= 4


def test_a_smooth_pattern_lies_where_the_transform_says() -> None:
    """Each pixel is the pattern's value at its centre's place, up to rounding."""
    turn = known(0.5, -28, 0, 0)[:, :2]
    matrix = np.c_[turn, [60, 60] - turn @ [200, 200]]
    rows, columns = np.mgrid[0:400, 0:400] + 0.5
    pattern = np.stack([columns / 400 * 255, rows / 400 * 255, np.full_like(rows, 90)], -1)
    found = aligned(image_of(np.round(pattern).astype(np.uint8)), moved(matrix)).numpy()
    inverse = np.linalg.inv(np.r_[matrix, [[0, 0, 1]]])[:2]
    y, x = np.mgrid[30:90, 30:90] + 0.5
    seen = under(inverse, np.stack([x.ravel(), y.ravel()], 1))
    assert seen.min() > 5
    assert seen.max() < 395
    for channel in range(2):
        expected = seen[:, channel] / 400 * 255
        assert np.abs(found[channel, 30:90, 30:90].ravel() - expected).max() <= 1
    assert (found[2, 30:90, 30:90] == 90).all()


def test_another_size_is_the_same_face() -> None:
    image, points = image_of(pixels((400, 400), seed=3)), moved(known(0.4, 12, -9, -30))
    small = aligned(image, points, size=56).float()
    halved = torch.nn.functional.avg_pool2d(aligned(image, points, size=112).float(), 2)
    assert (small - halved)[:, 2:-2, 2:-2].abs().max() <= 2


def test_another_template_puts_the_face_elsewhere() -> None:
    image = image_of(pixels((SIDE, SIDE))).clamp(min=1)
    found = aligned(image, torch.tensor(TEMPLATE), template=TEMPLATE + np.array([20, -7]))
    assert torch.equal(found[:, : SIDE - 7, 20:], image[:, 7:, : SIDE - 20])
    half = aligned(image, torch.tensor(TEMPLATE), template=SIDE / 4 + TEMPLATE / 2)
    assert torch.equal(half[:, 28:84, 28:84], aligned(image, torch.tensor(TEMPLATE), size=56))


def test_a_run_gives_what_another_gave() -> None:
    image, points = image_of(pixels((500, 400), seed=5)), moved(known(0.21, 40, 50, -9))
    assert torch.equal(aligned(image, points), aligned(image, points.clone()))
