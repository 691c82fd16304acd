"""Drawn scenes as a source of images with faces."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from likeness.data import drawn_faces
from likeness.data.drawn_scenes.canvas import Floats
from likeness.data.drawn_scenes.drawing import Drawing, drawing
from likeness.data.faces import Faces, Scene, SceneSplits
from likeness.data.fingerprint import Files
from likeness.spatial import SpatialSize, height_and_width

HARDLY, NOT_AT_ALL = 0.35, 0.05
"""Visible shares: a face of which less than the first is seen is ignored, one of less than the second left out."""

_FIRST_TO_VALIDATE, _FIRST_TO_TEST = 10**12, 2 * 10**12


class DrawnScene(NamedTuple):
    """A scene, and what of its N faces no detector is told: `visible` float32 `[N]`, `identity` int64 `[N]`.

    `visible` is the share of the face that nothing before it covers and no border cuts; what is worn covers nothing.
    """

    scene: Scene
    visible: Floats
    identity: NDArray[np.int64]


class DrawnScenes:
    """Scenes `first .. first + scenes - 1` of a seed, `height` x `width` pixels each.

    Each is a pure function of (seed, scene, height, width). A box is tight around the face from the hairline to the
    chin and from ear to ear, and is cut at the image's borders; ears and hair are not of it, and a fringe, a beard,
    glasses or a mask take nothing off it. The points are where they would be seen, also where something covers them or
    they are over the border. Faces of which less than 0.35 is visible are ignored, those below 0.05 left out.

    Nothing is drawn before `load`, and nothing is kept.
    """

    def __init__(self, seed: int, first: int, scenes: int, height: int, width: int) -> None:
        self.seed, self.first, self.scenes, self.height, self.width = seed, first, scenes, height, width

    def __len__(self) -> int:
        return self.scenes

    def load(self, indices: Sequence[int]) -> list[Scene]:
        """The scenes at `indices`; their faces are sorted from far to near."""
        return [self.drawn(index).scene for index in indices]

    def drawn(self, index: int) -> DrawnScene:
        """The scene at `index`, with all that is known of it."""
        if not 0 <= index < len(self):
            raise IndexError(f"drawn scenes has images 0 to {len(self) - 1}, not {index}")
        return told(drawing(self.seed, self.first + int(index), self.height, self.width))

    def name(self, index: int) -> str:
        """Such as "test scene 12"."""
        kind = {0: "scene", _FIRST_TO_VALIDATE: "validation scene", _FIRST_TO_TEST: "test scene"}.get(
            self.first
        )
        return f"{kind} {index}" if kind else f"scene {self.first + int(index)}"

    def fingerprint(self) -> dict[str, object]:
        """All that the scenes are a function of, the code that draws them included."""
        return {
            "source": "drawn_scenes",
            "code_sha256": hash_of_code(),
            "seed": self.seed,
            "first": self.first,
            "scenes": self.scenes,
            "height": self.height,
            "width": self.width,
        }

    def files(self) -> Files:
        """None: they are drawn."""
        return Files(Path(), [])


def drawn_scenes(
    *, scenes: int, validation_scenes: int, test_scenes: int, seed: int, spatial_size: SpatialSize
) -> SceneSplits:
    """Scenes that are drawn on demand: 0, 1, ... to train on, 10^12, ... to validate, 2 x 10^12, ... to test.

    Nobody is in two of them. With `validation_scenes` 0 there is no validation split.

    Args:
        scenes: to train on.
        validation_scenes: to validate.
        test_scenes: to test.
        seed: another seed, other scenes.
        spatial_size: pixels, a number for a square, or height and width.

    Raises:
        ValueError: a number is out of its range.
    """
    height, width = height_and_width(spatial_size, "a drawn scene")
    for name, value, least in (
        ("scenes", scenes, 1),
        ("validation_scenes", validation_scenes, 0),
        ("test_scenes", test_scenes, 1),
        ("spatial_size", min(height, width), 48),
    ):
        if value < least:
            raise ValueError(
                f"{name}={value}, but drawn_scenes needs at least {least}: give a larger number."
            )

    def some(first: int, count: int) -> DrawnScenes:
        return DrawnScenes(seed, first, count, height, width)

    return SceneSplits(
        train=some(0, scenes),
        validation=some(_FIRST_TO_VALIDATE, validation_scenes) if validation_scenes else None,
        test=some(_FIRST_TO_TEST, test_scenes),
    )


def told(drawing: Drawing) -> DrawnScene:
    """A drawing without the faces that are not seen, their boxes cut at the borders."""
    kept = np.flatnonzero(drawing.visible >= NOT_AT_ALL)
    height, width = drawing.image.shape[1:]
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(drawing.cast.boxes[kept], np.float32(0), limits)
    visible = drawing.visible[kept]
    faces = Faces(
        torch.from_numpy(boxes),
        torch.from_numpy(drawing.cast.points[kept]),
        torch.from_numpy(visible < HARDLY),
    )
    return DrawnScene(Scene(torch.from_numpy(drawing.image), faces), visible, drawing.cast.identity[kept])


@cache
def hash_of_code() -> str:
    """A hash of the code that draws: of this folder and of `drawn_faces`, whose parts it uses."""
    digest = sha256()
    for folder in (Path(__file__).parent, Path(drawn_faces.__file__).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(f"{folder.name}/{path.name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
