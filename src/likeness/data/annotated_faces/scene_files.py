"""Scenes that are image files below a folder, and their splits."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.annotated_faces.annotation import Annotation
from likeness.data.faces import Faces, Scene, Scenes, SceneSplits
from likeness.data.fingerprint import Files
from likeness.data.image_as_shown import read_image
from likeness.data.image_files import ImageFiles
from likeness.data.split import split_identities

ToPixels = Callable[[Annotation, int, int], Annotation]
"""From an annotation in a format's own unit to pixels of an image of so many rows and columns."""


def as_they_are(annotation: Annotation, height: int, width: int) -> Annotation:
    """The annotation of a format that counts in pixels."""
    return annotation


class SceneFiles:
    """`Scenes` over files: `annotations[i]` tells the faces in `names[i]` below `root`.

    Images are decoded as `read_image` says: upright by their EXIF orientation, in RGB. A box that has no part in its
    image is ignored, since it can't be found; one that is partly outside, and points outside, stay as they are.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        annotations: Sequence[Annotation],
        to_pixels: ToPixels = as_they_are,
    ) -> None:
        self._root, self._names, self._annotations = root, list(names), list(annotations)
        self._to_pixels = to_pixels
        label = np.zeros(len(self._names), np.int64)
        self._listed = ImageFiles(root, self._names, label, ["scenes"], spatial_size=1, channels=3)

    def __len__(self) -> int:
        """The number of images."""
        return len(self._names)

    @property
    def faces(self) -> int:
        """How many faces there are to be found."""
        return sum(int((~each.ignored).sum()) for each in self._annotations)

    def load(self, indices: Sequence[int]) -> list[Scene]:
        """The scenes at `indices`; raises as `read_image` does, for no size."""
        return [self._one(index) for index in indices]

    def _one(self, index: int) -> Scene:
        image = read_image(self._root / self._names[index], shortest_side=1).image
        height, width = image.shape[1:]
        boxes, points, ignored = self._to_pixels(self._annotations[index], height, width)
        outside = (boxes[:, :2] >= [width, height]).any(1) | (boxes[:, 2:] <= 0).any(1)
        return Scene(image, Faces(_tensor(boxes), _tensor(points), _tensor(ignored | outside)))

    def name(self, index: int) -> str:
        """The file's path below the root."""
        return self._names[index]

    def fingerprint(self) -> dict[str, object]:
        """Of the images what `ImageFiles` has; the number of faces, and a SHA-256 over all that is said of them."""
        return dict(self._fingerprint)

    @cached_property
    def _fingerprint(self) -> dict[str, object]:
        digest = sha256()
        for boxes, points, ignored in self._annotations:
            digest.update(np.int64(len(ignored)).tobytes())
            digest.update(boxes.astype("<f4").tobytes() + points.astype("<f4").tobytes() + ignored.tobytes())
        found = self._listed.fingerprint()
        return {
            "images": len(self),
            "bytes": found["bytes"],
            "sha256": found["sha256"],
            "faces": sum(len(annotation.ignored) for annotation in self._annotations),
            "annotations_sha256": digest.hexdigest(),
        }

    def files(self) -> Files:
        """The images."""
        return self._listed.files()


class SceneSubset:
    """Those of other scenes that stand at `places`."""

    def __init__(self, scenes: Scenes, places: NDArray[np.int64]) -> None:
        self._scenes, self._places = scenes, places

    def __len__(self) -> int:
        """The number of images."""
        return len(self._places)

    def load(self, indices: Sequence[int]) -> list[Scene]:
        """The scenes at `indices`; raises as the whole does."""
        return self._scenes.load([int(self._places[index]) for index in indices])

    def name(self, index: int) -> str:
        """As the whole has it."""
        return self._scenes.name(int(self._places[index]))

    def fingerprint(self) -> dict[str, object]:
        """The whole's fingerprint, and which images of it these are: a hash of their names."""
        names = "\n".join(self.name(index) for index in range(len(self)))
        digest = sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
        return {"images": len(self), "images_sha256": digest, "of": self._scenes.fingerprint()}

    def files(self) -> Files:
        """Those of the whole."""
        return self._scenes.files()


def split_scenes(scenes: SceneFiles, split: Sequence[float], split_seed: int, *, source: str) -> SceneSplits:
    """Scenes as train, validation and test: names are ranked by a hash keyed by `split_seed`, and cut at the shares.

    A split of share 0 is None.

    Raises:
        ValueError: the shares are not three that sum to 1, there are too few images, or none has a face to be found;
            `source` is named.
    """
    refuse_faceless(scenes, source)
    wanted = sum(share > 0 for share in split)
    if len(scenes) < wanted:
        raise ValueError(
            f"The {len(scenes)} images of {source} are too few for split={list(split)}, which needs {wanted}: "
            "add images, or give a split the share 0."
        )
    parts = split_identities([scenes.name(index) for index in range(len(scenes))], split, split_seed)
    train, validation, test = (SceneSubset(scenes, part) if part.size else None for part in parts)
    return SceneSplits(train, validation, test)


def refuse_faceless(scenes: SceneFiles, source: str) -> None:
    """Raise a `ValueError` where no image has a face to be found; `source` is named."""
    if not scenes.faces:
        raise ValueError(
            f"None of the {len(scenes)} images of {source} has a face to be found: a detector learns from faces, so "
            "annotate some."
        )


def all_there(home: Path, named: Mapping[str, str]) -> None:
    """Check that the images (by their names below `home`, with the place in a file that names each) are there.

    Raises:
        ValueError: one is missing.
    """
    # unlike a path's own method os.path.isfile bears with a name that is too long
    missing = [name for name in named if not os.path.isfile(home / name)]
    if missing:
        raise ValueError(
            f"{len(missing)} of the {len(named)} annotated images are missing from {home}, such as {missing[0]} "
            f"({named[missing[0]]}): put them there, or take their annotations out."
        )


def _tensor(of: NDArray[np.float32] | NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(of.copy())
