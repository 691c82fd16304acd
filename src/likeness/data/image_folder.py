"""Any folder of images, one folder an identity."""

import os
from collections.abc import Sequence
from pathlib import Path

from likeness.data.found_images import has_image_name
from likeness.data.image_files import existing_folder, files_of_identities, identity_folders
from likeness.data.images import DataSplits
from likeness.data.split import split_images
from likeness.spatial import MAX_PIXELS, SpatialSize


def image_folder(
    *,
    root: str,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> DataSplits:
    """The images of `root/IDENTITY/sample.jpg`, split by identity into train, validation and test.

    Whatever Pillow reads is read, see `identity_folders`.

    Raises:
        ValueError: `root` is missing or holds no such images, or they do not suffice for `split`.
    """
    folder = existing_folder(root, "a folder of images, one folder an identity")
    found = identity_folders(folder)
    if not found:
        raise ValueError(_nothing_in(root, folder))
    samples = files_of_identities(
        folder, found, spatial_size=spatial_size, channels=channels, max_pixels=max_pixels
    )
    return split_images(samples, split, split_seed, source=root)


def _nothing_in(root: str, folder: Path) -> str:
    """Why `folder` gave no identities, and the mend."""
    children = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    if any(has_image_name(entry.name) for entry in children):
        return (
            f"The images lie directly in {root}, so nothing says who is who: put those of each identity "
            "into a folder of its own."
        )
    deeper = sorted(entry.name for entry in children if entry.is_dir() and identity_folders(Path(entry.path)))
    if deeper:
        return (
            f"The folders of {root} hold folders of images, one level too deep: set `root` to one of "
            f"them, such as {folder / deeper[0]}."
        )
    return f"{root} holds no images that Pillow reads: put those of each identity into a folder of its own below it."
