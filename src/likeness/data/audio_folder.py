"""Recordings, one folder a speaker."""

from collections.abc import Sequence
from functools import partial
from math import gcd
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.fitted import fitted, say_what_is_fitted
from likeness.data.images import DataSplits
from likeness.data.reading import reading
from likeness.data.sample_folders import labelled_files
from likeness.data.split import split_images
from likeness.errors import UnreadableImage
from likeness.spatial import SpatialSize, refuse_channels, refuse_rank, sides

SUFFIXES = (".wav", ".flac")


def audio_folder(
    *,
    root: str,
    rate: int,
    spatial_size: SpatialSize,
    channels: int,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    split_seed: int = 0,
) -> DataSplits:
    """The recordings `root/SPEAKER/recording.wav` (or flac), `[1, L]` float32, split by speaker.

    The channels of a recording are averaged, it is resampled to `rate` values a second by a polyphase filter, and then
    brought to the length of `spatial_size`: padded with zeros, or cut to its middle, which is logged.

    Raises:
        ValueError: `root` holds no recordings, one has no samples, or they do not suffice for `split`; soundfile, which
            reads them, is not installed.
    """
    refuse_rank(spatial_size, (1,), "audio_folder")
    refuse_channels(channels, "audio_folder")
    soundfile, (length,) = _soundfile(), sides(spatial_size)
    files = labelled_files(root, SUFFIXES, partial(recording, rate=rate, length=length), "recordings")
    listed, lengths = files.files(), []
    for name in listed.names:
        try:
            told = soundfile.info(str(listed.root / name))
        except soundfile.SoundFileError:
            continue  # unreadable: it is left out where it is met, and told
        if not told.frames:
            raise ValueError(f"{listed.root / name} has no samples: remove it, or record it again.")
        lengths.append((round(told.frames * rate / told.samplerate),))
    say_what_is_fitted(root, lengths, (length,))
    return split_images(files, split, split_seed, source=root)


def recording(path: str, *, rate: int, length: int) -> Tensor:
    """The recording in a file, `[1, length]` float32, at `rate` values a second.

    Raises:
        UnreadableImage: the file is no recording, or cut short, or holds values that are not numbers.
        FileError: the file system doesn't give it.
    """
    from scipy.signal import resample_poly

    soundfile = _soundfile()
    with reading(path), open(path, "rb") as file:
        try:
            values, own = soundfile.read(file, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise UnreadableImage(
                f"{path} is no recording that can be read: replace or remove it."
            ) from error
    if not np.isfinite(values).all():
        raise UnreadableImage(f"{path} holds values that are not numbers: replace or remove it.")
    mono: NDArray[Any] = values.mean(axis=1)
    if own != rate:
        common = gcd(own, rate)
        mono = resample_poly(mono, rate // common, own // common)
    return torch.from_numpy(np.ascontiguousarray(fitted(mono[None], (length,)), dtype=np.float32))


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError as error:
        raise ValueError(
            "Recordings are read by soundfile, which is not installed: pip install 'likeness[audio]'."
        ) from error
    return soundfile
