"""The largest face of a photograph, as an encoder takes it."""

from pathlib import Path
from typing import NamedTuple

from torch import Tensor
from torchvision.transforms.v2 import functional

from likeness.applications.align import largest_first
from likeness.data.image_as_shown import read_image
from likeness.errors import LikenessError
from likeness.models.detectors import Detector
from likeness.spatial import SpatialSize, height_and_width


class LargestFace(NamedTuple):
    """The largest face, uint8 `[channels, height, width]`, and how many were found."""

    face: Tensor
    found: int


def face_in(path: Path, detector: Detector, *, spatial_size: SpatialSize, channels: int) -> Tensor:
    """The largest face in the photograph at `path`; as `largest_face` says."""
    return largest_face(path, detector, spatial_size=spatial_size, channels=channels).face


def largest_face(
    source: Path | bytes, detector: Detector, *, spatial_size: SpatialSize, channels: int, name: str = ""
) -> LargestFace:
    """The largest face in the photograph in `source`, a path or a file's bytes, which a message calls `name`.

    It is aligned, uint8 `[channels, height, width]`.

    The template fills the longer side; of the shorter one the centre is taken. One channel is luma (ITU-R BT.601).

    Raises:
        LikenessError: the photograph can't be read, or no face is found in it.
        ValueError: the size is not a height and a width, or the channels are neither grey nor RGB.
    """
    height, width = height_and_width(spatial_size, "a photograph")
    if channels not in (1, 3):
        raise ValueError(f"a photograph has 1 channel (grey) or 3 (RGB), not {channels}")
    name = name or ("a photograph" if isinstance(source, bytes) else str(source))
    image = read_image(source, shortest_side=1, name=name).image
    detections = detector([image])[0]
    faces = largest_first(image, detections, max(height, width))
    if not faces:
        raise LikenessError(
            f"No face was found in {name}: take another photograph, or leave --detector out if it is cropped already."
        )
    face = functional.center_crop(faces[0], [height, width])
    shown = face if channels == 3 else functional.rgb_to_grayscale(face)
    return LargestFace(shown, len(detections.boxes))
