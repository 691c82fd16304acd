"""A sheet of people: a row of pictures for each."""

import numpy as np
from numpy.typing import NDArray

from likeness.data.pictures import Pictures


def sheet(
    pictures: Pictures, people: int = 8, each: int = 8, *, gap: int = 2, zoom: int = 2
) -> NDArray[np.uint8]:
    """The first `each` pictures of the first `people` identities, `[height, width, 3]`, white between them."""
    rows = [np.flatnonzero(pictures.identity == person)[:each] for person in range(people)]
    images = pictures.load(np.concatenate(rows).tolist())
    size = images[0].shape[-1] * zoom
    page = np.full((people * (size + gap) - gap, each * (size + gap) - gap, 3), 255, np.uint8)
    at = 0
    for row, members in enumerate(rows):
        for column in range(len(members)):
            image = images[at].numpy().repeat(zoom, axis=1).repeat(zoom, axis=2)
            top, left = row * (size + gap), column * (size + gap)
            page[top : top + size, left : left + size] = image.transpose(1, 2, 0)
            at += 1
    return page
