"""insightface's verification sets (`lfw.bin`, `cfp_fp.bin`, `agedb_30.bin`, ...), read without mxnet."""

import io
import pickle
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.decode import decode
from likeness.data.fingerprint import Files
from likeness.data.images import DataSplits, Pairs
from likeness.data.linked import linked
from likeness.data.reading import reading
from likeness.spatial import SpatialSize

FOLDS = 10

# By these the unpickler says that a pickle is damaged. A lack of memory is none of them.
_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
)


class ImageBytes:
    """`Images` over encoded images of one file, held in memory, each called `file#number`."""

    grouping = None

    def __init__(
        self,
        encoded: Sequence[bytes],
        identity: NDArray[np.int64],
        *,
        file: Path,
        spatial_size: SpatialSize,
        channels: int,
    ) -> None:
        self._encoded, self._file = list(encoded), file
        self._spatial_size, self._channels = spatial_size, channels
        self.identity = identity

    def __len__(self) -> int:
        """The number of images."""
        return len(self._encoded)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The images at `indices`, uint8 `[C, height, width]`; raises `UnreadableImage`."""
        return [
            decode(
                self._encoded[i], spatial_size=self._spatial_size, channels=self._channels, name=self.name(i)
            )
            for i in indices
        ]

    def name(self, index: int) -> str:
        """The file and the image's number in it."""
        return f"{self._file.name}#{index}"

    def identity_name(self, identity: int) -> str:
        """A number: such a file names nobody."""
        return str(identity)

    def fingerprint(self) -> dict[str, object]:
        """Numbers of images, total bytes, and a SHA-256 over all of them in order."""
        digest = sha256()
        for encoded in self._encoded:
            digest.update(sha256(encoded).digest())
        return {
            "pictures": len(self),
            "bytes": sum(map(len, self._encoded)),
            "sha256": digest.hexdigest(),
        }

    def files(self) -> Files:
        """The one that they all come from."""
        return Files(self._file.parent, [self._file.name])


def insightface_bin(*, path: str, spatial_size: SpatialSize, channels: int) -> DataSplits:
    """A verification set as test images with its pairs, in 10 contiguous folds; nothing to train on.

    The file is a pickle of `(samples, same)`: encoded images as bytes, two for each pair in turn, and
    for each pair whether both show one identity. Pickles of Python 2 and of Python 3 (protocol 3 or later)
    are read. They can hold no globals, so a file can run nothing; sets that need some (numpy arrays, or
    bytes that Python 3 wrote in protocol 2 or earlier) are refused.

    Images that are the same bytes become one. `identity` is what the pairs tell and no more: images
    that a chain of pairs calls the same share a label, others differ. It serves these pairs, not retrieval.

    Raises:
        ValueError: the file is missing, no such pickle, or asks for a global.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"There is no file {path}: set `path` to a verification set such as lfw.bin.")
    encoded, same = _read(file)
    places: dict[bytes, int] = {}
    index = np.array([places.setdefault(one, len(places)) for one in encoded], dtype=np.int64)
    first, second = index[0::2], index[1::2]
    samples = ImageBytes(
        list(places),
        linked(first[same], second[same], len(places)),
        file=file,
        spatial_size=spatial_size,
        channels=channels,
    )
    # the first folds take the remainder, as scikit-learn's KFold (which insightface uses) gives it
    sizes = [part.size for part in np.array_split(same, FOLDS)]
    fold = np.repeat(np.arange(FOLDS, dtype=np.int64), sizes)
    return DataSplits(
        train=None, validation=None, test=samples, pairs=Pairs(first, second, same, fold), all_known=False
    )


class _Refused(Exception):
    """A pickle asks for something that may run code."""


class _Plain(pickle.Unpickler):
    """Reads numbers, text, bytes and containers, and nothing else."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise _Refused(f"it asks for the global {module}.{name} and globals can run code")


def _read(file: Path) -> tuple[list[bytes], NDArray[np.bool_]]:
    with reading(file):
        pickled = file.read_bytes()
    try:
        content = _Plain(io.BytesIO(pickled), encoding="bytes").load()
    except _Refused as refusal:
        raise ValueError(
            f"{file} is refused, because {refusal}: write it anew as a pickle (protocol 3 or later) of a "
            "list of bytes and a list of bools."
        ) from None
    except _DAMAGE as error:
        raise ValueError(
            f"{file} is not a pickle that can be read ({type(error).__name__}: {error}): fetch it again."
        ) from None
    match content:
        case [list() | tuple() as samples, list() | tuple() as same]:
            pass
        case _:
            samples, same = [], []
    if not all(isinstance(sample, bytes) for sample in samples) or not all(
        isinstance(value, int) and value in (0, 1) for value in same
    ):
        samples, same = [], []
    if len(same) < FOLDS or len(samples) != 2 * len(same):
        raise ValueError(
            f"{file} is not a verification set: it should hold a list of encoded images (bytes), two for "
            f"each pair, and a list of bools, one for each of at least {FOLDS} pairs."
        )
    return list(samples), np.array(same, dtype=np.bool_)
