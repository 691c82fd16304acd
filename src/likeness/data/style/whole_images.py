"""Images of no one in particular, whole: contents and styles by the thousand."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from torch import Tensor

from likeness.data.fingerprint import Files
from likeness.data.found_images import LeftOut, images_in
from likeness.data.image_as_shown import read_image
from likeness.data.image_files import ImageFiles
from likeness.data.style.built_in import PAINTING
from likeness.data.style.painting import painting
from likeness.data.style.resize import resized, size_of, with_shorter_side


class WholeImages:
    """`Images` that are files below a folder, whole: the shorter side is `resize`, and the aspect is kept.

    They have one label for all, so that another takes the place of an unreadable one.
    """

    grouping = None

    def __init__(self, root: Path, names: Sequence[str], *, resize: int) -> None:
        self.identity = np.zeros(len(names), dtype=np.int64)
        self._root, self._names, self._resize = root, names, resize
        self._listed = ImageFiles(root, names, self.identity, [str(root)], spatial_size=resize, channels=3)

    def __len__(self) -> int:
        """The number of images."""
        return len(self._names)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, uint8 `[3, H, W]`, each of its own aspect; raises as `read_image` does."""
        return [self._one(self._root / self._names[i]) for i in indices]

    def _one(self, path: Path) -> Tensor:
        image = read_image(path, at_least=2 * self._resize).image
        return resized(image, with_shorter_side(size_of(image), self._resize))

    def name(self, index: int) -> str:
        """The file's path below the folder."""
        return self._names[index]

    def identity_name(self, identity: int) -> str:
        """The folder."""
        return str(self._root)

    def fingerprint(self) -> dict[str, object]:
        """As `ImageFiles` has it."""
        found = self._listed.fingerprint()
        return {key: found[key] for key in ("pictures", "bytes", "sha256")}

    def files(self) -> Files:
        """The images."""
        return self._listed.files()


class DrawnPainting:
    """`Images` of which there is one: the built-in painting, its shorter side `resize`."""

    grouping = None

    def __init__(self, *, resize: int) -> None:
        self.identity = np.zeros(1, dtype=np.int64)
        self._resize = resize

    def __len__(self) -> int:
        """1."""
        return 1

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The painting, uint8 `[3, H, W]`, as often as it is asked for."""
        whole = painting()
        return [resized(whole, with_shorter_side(size_of(whole), self._resize))] * len(indices)

    def name(self, index: int) -> str:
        """What it is called."""
        return PAINTING

    def identity_name(self, identity: int) -> str:
        """What it is called."""
        return PAINTING

    def fingerprint(self) -> dict[str, object]:
        """A SHA-256 of its pixels."""
        return {"pictures": 1, "sha256": sha256(painting().numpy().tobytes()).hexdigest()}

    def files(self) -> Files:
        """None: it is drawn."""
        return Files(Path(), [])


def images_below(root: Path, key: str) -> list[str]:
    """The names of all images below `root`, at any depth and in order; what is left out is logged.

    Raises:
        ValueError: there is no such folder, or no image in it; `key` is what sets it. A folder can't be listed.
    """
    if not root.is_dir():
        raise ValueError(f"There is no folder {root}: set {key} to a folder of images.")
    left_out = LeftOut()
    found = images_in(root, left_out, deeper=True)
    if not found:
        raise ValueError(f"{root} holds no images: put some into it, or set {key} to another folder.")
    left_out.say(root)
    return found
