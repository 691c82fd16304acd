import math

import numpy as np
import pytest
import torch
from PIL import Image

from likeness.data.affine_distortion import AffineDistortion

NONE = {"degrees": 0, "shear": 0, "scale": 0, "shift": 0, "fill": 1.0}


def cross(side=41):
    image = np.full((side, side), 255, dtype=np.uint8)
    image[side // 2, 5:30] = 0
    image[8:36, side // 2] = 100
    return torch.from_numpy(image)[None]


def test_nothing_to_draw_changes_nothing():
    torch.manual_seed(0)
    image = cross()
    assert torch.equal(AffineDistortion(**NONE)(image), image)


@pytest.mark.parametrize("part", ["degrees", "shear", "scale", "shift"])
def test_each_part_is_drawn_half_of_the_time(part):
    amount = {"degrees": 40, "shear": 0.5, "scale": 0.5, "shift": 0.3}[part]
    distort, image = AffineDistortion(**NONE | {part: amount}), cross()
    torch.manual_seed(1)
    changed = np.mean([not torch.equal(distort(image), image) for _ in range(400)])
    # one number is drawn for a turn, two for the others, one for each axis
    assert changed == pytest.approx(0.5 if part == "degrees" else 0.75, abs=0.08)


def test_a_distortion_is_pillow_s_of_the_same_matrix(monkeypatch):
    draws = iter([torch.zeros(7), torch.tensor([0.9, 0.7, 0.2, 0.8, 0.3, 0.6, 0.1])])
    monkeypatch.setattr(torch, "rand", lambda n: next(draws))
    image = cross()
    ours = AffineDistortion(degrees=10, shear=0.3, scale=0.2, shift=0.05, fill=1.0)(image)[0].numpy()
    u = 2 * np.array([0.9, 0.7, 0.2, 0.8, 0.3, 0.6, 0.1]) - 1
    angle = math.radians(10) * u[0]
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1 + 0.2 * u[3], 0.3 * u[1]], [0.3 * u[2], 1 + 0.2 * u[4]]])
    centre = np.array([20.5, 20.5])
    shift = centre - matrix @ centre + 41 * 0.05 * u[5:]
    theirs = Image.fromarray(image[0].numpy()).transform(
        (41, 41),
        Image.Transform.AFFINE,
        (*matrix[0], shift[0], *matrix[1], shift[1]),
        Image.Resampling.BILINEAR,
        fillcolor=255,
    )
    assert np.abs(ours.astype(int) - np.array(theirs).astype(int))[3:-3, 3:-3].max() <= 3
    assert np.abs(ours.astype(int) - image[0].numpy().astype(int)).max() > 200


def test_outside_of_the_image_is_the_ground():
    torch.manual_seed(2)
    white = torch.full((1, 20, 20), 255, dtype=torch.uint8)
    distort = AffineDistortion(degrees=45, shear=0.3, scale=0.4, shift=0.3, fill=1.0)
    assert all(torch.equal(distort(white), white) for _ in range(20))
