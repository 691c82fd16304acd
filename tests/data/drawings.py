"""A small Omniglot: alphabets of random strokes, in the archives' layout."""

import numpy as np
from PIL import Image, ImageDraw


def letter(seed, drawer, side=35):
    """Three strokes of a letter, a little different by each drawer."""
    points = np.random.default_rng(seed).uniform(4, side - 4, size=(4, 2))
    points = points + np.random.default_rng([seed, drawer]).normal(0, 0.7, size=(4, 2))
    image = Image.new("1", (side, side), 1)
    ImageDraw.Draw(image).line([tuple(point) for point in points], fill=0, width=2)
    return image


def omniglot_folder(root, background=(6, 8, 5, 7), evaluation=(6, 9, 7), drawers=6):
    """Below `root` the two archives, whose alphabets have so many letters, by so many drawers."""
    number = 0
    for archive, sizes in (("images_background", background), ("images_evaluation", evaluation)):
        for alphabet, size in enumerate(sizes):
            for character in range(1, size + 1):
                number += 1
                home = root / archive / f"{archive[7:]}_{alphabet}" / f"character{character:02d}"
                home.mkdir(parents=True)
                for drawer in range(1, drawers + 1):
                    letter(number, drawer).save(home / f"{number:04d}_{drawer:02d}.png")
    return root
