"""NumPy's files without pickled objects, which could run code when they are read."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PICKLED = "Object arrays cannot be loaded"
"""How NumPy begins when a file holds pickled objects."""


def arrays_in(path: Path) -> Mapping[str, NDArray[Any]]:
    """The arrays of a `.npz` file, or of the `.npy` files in a folder, by their names; none is read yet.

    Raises:
        ValueError: there is no such file or folder, or it is no archive of arrays.
    """
    if path.is_dir():
        return {file.stem: read_npy(file) for file in sorted(path.glob("*.npy"))}
    return _Archive(path)


def read_npy(path: Path) -> NDArray[Any]:
    """The array in a `.npy` file, mapped into memory; raises a ValueError as `arrays_in` does."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}.") from None
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(_why_not(path, error)) from error
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path} is an archive of arrays, not one: give it the name .npz.")
    return array


class _Archive(Mapping[str, NDArray[Any]]):
    """The arrays of a `.npz` file, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            raise ValueError(
                f"There is no file {path}: set path=FILE to a .npz, or a folder of .npy."
            ) from None
        except Exception as error:  # zipfile's own, or NumPy's
            raise ValueError(_why_not(path, error)) from error
        if isinstance(self._file, np.ndarray):
            raise ValueError(
                f"{path} holds one array without labels: put both into a .npz, or into a folder."
            )

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            array: NDArray[Any] = self._file[name]
        except Exception as error:  # zipfile's own, zlib's, or NumPy's
            raise ValueError(_why_not(f"{name} in {self._path}", error)) from error
        return array

    def __contains__(self, name: object) -> bool:  # that of Mapping would read the array
        return name in self._file.files

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.files)

    def __len__(self) -> int:
        return len(self._file.files)


def _why_not(path: object, error: Exception) -> str:
    if str(error).startswith(PICKLED) or "pickle" in str(error).lower():
        return f"{path} holds pickled objects, which could run code: save it as an array of numbers."
    return f"{path} is no array of NumPy's that can be read: replace it."
