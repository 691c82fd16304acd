"""A sheet of scenes with their boxes and points.

`python -m likeness.data.drawn_scenes.sheet scenes.png` draws twelve scenes.
"""

import sys
from collections.abc import Sequence

from PIL import Image, ImageDraw

from likeness.data.drawn_scenes.scenes import drawn_scenes
from likeness.data.faces import Scene

BOX, IGNORED, POINT = "lime", "red", "yellow"


def sheet(scenes: Sequence[Scene], *, columns: int = 4) -> Image.Image:
    """The scenes side by side, each with the boxes of its faces, those of ignored ones red, and their points."""
    height, width = scenes[0].image.shape[1:]
    page = Image.new("RGB", (columns * width, -(-len(scenes) // columns) * height), "white")
    for number, scene in enumerate(scenes):
        page.paste(_marked(scene), (number % columns * width, number // columns * height))
    return page


def _marked(scene: Scene) -> Image.Image:
    shown = Image.fromarray(scene.image.permute(1, 2, 0).contiguous().numpy())
    on = ImageDraw.Draw(shown)
    faces = scene.faces
    for box, points, ignored in zip(*(each.tolist() for each in faces), strict=True):
        on.rectangle(box, outline=IGNORED if ignored else BOX)
        for x, y in points:
            on.ellipse((x - 1, y - 1, x + 1, y + 1), outline=POINT)
    return shown


def main(path: str) -> None:
    """Save the sheet of the first twelve scenes that are tested on, at 320 x 320 pixels."""
    splits = drawn_scenes(scenes=1, validation_scenes=0, test_scenes=12, seed=0, spatial_size=320)
    assert splits.test is not None
    sheet(splits.test.load(range(12))).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
