"""A sheet of people: a row of images for each.

`python -m likeness.data.drawn_faces.sheet docs/drawn_faces.png` draws the one in the documentation.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.data.drawn_faces.images import drawn_faces
from likeness.data.images import Images


def sheet(
    images: Images, people: int = 8, each: int = 8, *, gap: int = 2, zoom: int = 2
) -> NDArray[np.uint8]:
    """The first `each` images of the first `people` identities, `[height, width, 3]`, white between them."""
    rows = [np.flatnonzero(images.identity == person)[:each] for person in range(people)]
    shown = images.load(np.concatenate(rows).tolist())
    size = shown[0].shape[-1] * zoom
    page = np.full((people * (size + gap) - gap, each * (size + gap) - gap, 3), 255, np.uint8)
    at = 0
    for row, members in enumerate(rows):
        for column in range(len(members)):
            image = shown[at].numpy().repeat(zoom, axis=1).repeat(zoom, axis=2)
            top, left = row * (size + gap), column * (size + gap)
            page[top : top + size, left : left + size] = image.transpose(1, 2, 0)
            at += 1
    return page


def main(path: str) -> None:
    """Save the sheet of eight people, at twice 64 pixels."""
    splits = drawn_faces(
        identities=100,
        pictures_per_identity=8,
        validation_identities=5,
        test_identities=8,
        seed=0,
        image_size=64,
        channels=3,
    )
    assert splits.test is not None
    Image.fromarray(sheet(splits.test)).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
