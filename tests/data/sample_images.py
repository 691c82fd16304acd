"""Small images for tests of files: smooth colours, no two alike."""

import io

import numpy as np
from PIL import Image


def pixels(size=(24, 24), seed=0, channels=3):
    """uint8 `[height, width, channels]`: smooth, so that JPEG changes it little."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    waves = [
        np.sin(2 * x * draw.normal() + 2 * y * draw.normal() + 6 * draw.random()) for _ in range(channels)
    ]
    return np.round(127.5 + 127.5 * np.stack(waves, -1)).astype(np.uint8)


def sample_image(size=(24, 24), seed=0):
    return Image.fromarray(pixels(size, seed))


def encoded(form="JPEG", size=(24, 24), seed=0, **options):
    stream = io.BytesIO()
    sample_image(size, seed).save(stream, form, **options)
    return stream.getvalue()


def people(root, counts, extension="jpg", size=(24, 24)):
    """`counts` = {name: number of images}, written as folders below `root`."""
    for person, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for i in range(count):
            sample_image(size, seed=1000 * person + i).save(root / name / f"{i}.{extension}")
    return root
