"""Scenes of which some can't be read: training gets another one, evaluation none, and they are told at the end."""

from collections.abc import Iterable

import torch
from torch import Tensor

from likeness.data.faces import Scene, Scenes, within_image
from likeness.data.fingerprint import Files
from likeness.errors import FileError, UnreadableImage


class ReadableScenes:
    """`Scenes`, and which of them could not be read.

    What takes the place of an unreadable one is a function of the index alone: it is unreadable for every worker and
    every device. What loader workers find is seen by the process that started them: the flags lie in shared memory.

    Args:
        scenes: all of them.
        keep: bytes of images that each process which reads keeps in memory; those that were read first.
    """

    def __init__(self, scenes: Scenes, *, keep: int = 0) -> None:
        self._scenes = scenes
        self._flags = torch.zeros(len(scenes), dtype=torch.bool)
        self._flags.share_memory_()  # type: ignore[no-untyped-call]
        self._kept: dict[int, Scene] = {}
        self._room = keep

    def __len__(self) -> int:
        """The number of images, unreadable ones included."""
        return len(self._scenes)

    @property
    def unreadable(self) -> list[str]:
        """The names of the unreadable images met until now."""
        return [self._scenes.name(index) for index in torch.nonzero(self._flags).flatten().tolist()]

    def load_good(self, index: int) -> Scene:
        """The scene at `index`, or the next that can be read; for training.

        Raises:
            FileError: none can be read.
        """
        for step in range(len(self)):
            scene = self.load_or_none((index + step) % len(self))
            if scene is not None:
                return scene
        raise FileError(
            f"None of the {len(self)} images to train on can be read, such as {self.name(index)}: replace them."
        )

    def load_or_none(self, index: int) -> Scene | None:
        """The scene at `index`, None if it can't be read; for evaluation."""
        if self._flags[index]:
            return None
        if index in self._kept:
            return self._kept[index]
        try:
            (scene,) = self._scenes.load([index])
        except UnreadableImage:
            self._flags[index] = True
            return None
        if scene.image.nbytes <= self._room:
            self._room -= scene.image.nbytes
            self._kept[index] = scene
        return scene

    def name(self, index: int) -> str:
        """What to call an image."""
        return self._scenes.name(index)

    def fingerprint(self) -> dict[str, object]:
        """That of the scenes, unreadable ones included."""
        return self._scenes.fingerprint()

    def files(self) -> Files:
        """Those of the scenes, unreadable ones included."""
        return self._scenes.files()


def sizes_of_faces(scenes: ReadableScenes, indices: Iterable[int]) -> Tensor:
    """Width and height in pixels `[N, 2]`, within the image, of the faces to be found in those that can be read."""
    loaded = (within_image(scene) for scene in map(scenes.load_or_none, indices) if scene is not None)
    boxes = [scene.faces.boxes[~scene.faces.ignored] for scene in loaded]
    every = torch.cat(boxes) if boxes else torch.zeros(0, 4)
    sizes = every[:, 2:] - every[:, :2]
    return sizes[(sizes > 0).all(1)]
