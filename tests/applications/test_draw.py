"""Drawn people as image files."""

from pathlib import Path

import pytest
import torch
from torchvision.io import decode_image

from likeness.applications.draw import WRITTEN, draw
from likeness.data.drawn_faces import drawn_faces
from likeness.errors import LikenessError


def test_the_files_are_the_test_identities_of_the_seed(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "people", 11, 2, spatial_size=32, seed=5)
    tested = drawn_faces(
        identities=3,
        pictures_per_identity=2,
        validation_identities=0,
        test_identities=11,
        seed=5,
        image_size=32,
        channels=3,
    ).test
    assert str(drawn) == "22 images of 11 drawn people"
    files = sorted((tmp_path / "people").glob("*/*"))
    assert [path.relative_to(tmp_path / "people").as_posix() for path in files[:3]] == [
        "person-01/1.png",
        "person-01/2.png",
        "person-02/1.png",
    ]
    for path, image in zip(files, tested.load(range(22)), strict=True):
        assert torch.equal(decode_image(str(path)), image)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    draw(tmp_path, 3, 1, spatial_size=16)
    with pytest.raises(LikenessError, match=r"holds files already.*--force"):
        draw(tmp_path, 1, 1, spatial_size=16)
    draw(tmp_path, 1, 1, spatial_size=16, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["person-1", WRITTEN]
