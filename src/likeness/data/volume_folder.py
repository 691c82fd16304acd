"""Volumes, one folder an identity: NIfTI files, or NumPy's."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fitted import fitted, say_what_is_fitted
from likeness.data.images import DataSplits
from likeness.data.npy import read_npy
from likeness.data.reading import reading
from likeness.data.sample_folders import labelled_files
from likeness.data.split import split_images
from likeness.errors import FileError, UnreadableImage
from likeness.spatial import SpatialSize, refuse_channels, refuse_rank, sides

SUFFIXES = (".nii", ".nii.gz", ".npy")


def volume_folder(
    *,
    root: str,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> DataSplits:
    """The volumes `root/IDENTITY/scan.nii.gz` (or nii, npy), `[1, D, H, W]` float32, split by identity.

    Values are as the file scales them. A volume is brought to `spatial_size` without resampling: each axis is padded
    with zeros or cut to its middle, which is logged.

    Raises:
        ValueError: `root` holds no volumes, one has not three axes, or they do not suffice for `split`; or nibabel,
            which reads NIfTI, is not installed.
    """
    refuse_rank(spatial_size, (3,), "volume_folder")
    refuse_channels(channels, "volume_folder")
    lengths = sides(spatial_size)
    files = labelled_files(root, SUFFIXES, partial(volume, lengths=lengths), "volumes")
    listed, shapes = files.files(), []
    for name in listed.names:
        try:
            with _unreadable(name):
                shape = _array(str(listed.root / name)).shape
        except UnreadableImage:
            continue  # it is left out where it is met, and told
        if 0 in shape:
            raise ValueError(f"{listed.root / name} has no values: remove it, or replace it.")
        if len(shape) != 3:
            raise ValueError(f"{listed.root / name} has {len(shape)} axes, not 3: remove it, or cut it to 3.")
        shapes.append(shape)
    say_what_is_fitted(root, shapes, lengths)
    return split_images(files, split, split_seed, source=root)


def volume(path: str, *, lengths: Sequence[int]) -> Tensor:
    """The volume in a file, `[1, *lengths]` float32.

    Raises:
        UnreadableImage: the file is no volume, or holds values that are not numbers.
        FileError: the file system doesn't give it.
    """
    with reading(path), _unreadable(path):
        stored = np.asarray(_array(path))
        if np.iscomplexobj(stored):
            raise ValueError("complex numbers")
        values = stored.astype(np.float32)
    if not np.isfinite(values).all():
        raise UnreadableImage(f"{path} holds values that are not numbers: replace or remove it.")
    return torch.from_numpy(np.ascontiguousarray(fitted(values[None], lengths)))


@contextmanager
def _unreadable(path: str) -> Iterator[None]:
    """What the readers of volumes say of damaged bytes in the block, as an `UnreadableImage`."""
    try:
        yield
    except (ValueError, TypeError, EOFError, zlib.error, OSError) as error:
        # nibabel and gzip raise OSErrors without a number; those of the file system have one
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableImage(
            f"{path} is no volume of plain numbers that can be read: replace or remove it."
        ) from error


def _array(path: str) -> NDArray[Any]:
    """The array of a file, of which nothing but the header may be read yet."""
    if path.lower().endswith(".npy"):
        return read_npy(Path(path))
    try:
        import nibabel
    except ImportError as error:
        raise FileError(
            "NIfTI is read by nibabel, which is not installed: pip install 'likeness[volumes]'."
        ) from error
    try:
        stored: Any = nibabel.load(path)
    except nibabel.filebasedimages.ImageFileError as error:
        raise ValueError(str(error)) from error
    proxy: NDArray[Any] = stored.dataobj
    return proxy
