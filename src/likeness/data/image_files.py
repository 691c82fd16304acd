"""Images that are files below a folder."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.decode import decode
from likeness.data.fingerprint import Files, hash_file, hash_files, size_of_file, spread
from likeness.data.found_images import BESIDE, HIDDEN, LeftOut, entries_of, has_image_name
from likeness.data.images import Grouping
from likeness.data.known_folders import KnownFolders
from likeness.spatial import MAX_PIXELS, SpatialSize

log = logging.getLogger("likeness")


class LabelledFiles:
    """`Images` over files: `files[i]` below `root` shows identity `identity_names[identity[i]]`.

    They are read by `read` from their paths, each time anew, or with `keep` once by each process, which then holds them
    in memory; what is loaded is not to be written to.
    """

    def __init__(
        self,
        root: Path,
        files: Sequence[str],
        identity: NDArray[np.int64],
        identity_names: Sequence[str],
        *,
        read: Callable[[str], Tensor],
        grouping: Grouping | None = None,
        keep: bool = False,
    ) -> None:
        self._root, self._files, self._identity_names = str(root), list(files), list(identity_names)
        self.identity, self.grouping = identity, grouping
        self._read, self._keep = read, keep
        self._kept: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """The number of images."""
        return len(self._files)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The samples at `indices`, `[C, *spatial]`; raises as what reads them does."""
        return [self._decoded(index) for index in indices]

    def name(self, index: int) -> str:
        """The file's path below the root."""
        return self._files[index]

    def identity_name(self, identity: int) -> str:
        """The identity's name."""
        return self._identity_names[identity]

    def fingerprint(self) -> dict[str, object]:
        """Numbers of images and identities, total bytes, and a SHA-256.

        The hash is over every file's path, label and size, and over the contents of 64 files spread evenly, by which
        it tells two folders of the same names apart.
        """
        return dict(self._fingerprint)

    @cached_property
    def _fingerprint(self) -> dict[str, object]:
        read = [*spread(len(self)), len(self)]
        labels, below = (
            self.identity.tolist(),
            f"{self._root}{os.sep}",
        )  # os.path.join takes as long as asking for a size
        digest, total = sha256(), 0
        for start, stop in zip([0, *(place + 1 for place in read)], read, strict=False):
            # up to the next file whose contents count, and that one
            lines: list[str] = []
            for i in range(start, min(stop + 1, len(self))):
                file = self._files[i]
                size = size_of_file(file if file.startswith(os.sep) else below + file)
                total += max(size, 0)
                lines.append(f"{file.replace(os.sep, '/')}\t{self._identity_names[labels[i]]}\t{size}\n")
            digest.update("".join(lines).encode("utf-8", "surrogateescape"))
            if stop < len(self):
                digest.update(hash_file(os.path.join(self._root, self._files[stop])).sha256.encode())
        return {
            "pictures": len(self),
            "identities": len(self._identity_names),
            "bytes": total,
            "sha256": digest.hexdigest(),
        }

    def hashes(self) -> list[str]:
        """A hash of each file that has the size of another; of the others, which can't be copies, none."""
        sizes = [size_of_file(os.path.join(self._root, file)) for file in self._files]
        often = {size for size, count in Counter(sizes).items() if count > 1 and size > 0}
        asked = [file for file, size in zip(self._files, sizes, strict=True) if size in often]
        known = dict(zip(asked, hash_files(Files(Path(self._root), asked)), strict=True))
        return [known[file].sha256 if file in known else "" for file in self._files]

    def files(self) -> Files:
        """The images."""
        return Files(Path(self._root), self._files)

    def _decoded(self, index: int) -> Tensor:
        if (kept := self._kept.get(index)) is not None:
            return kept
        path = os.path.join(self._root, self._files[index])
        sample = self._read(path)
        if self._keep:
            self._kept[index] = sample
        return sample


class ImageFiles(LabelledFiles):
    """Files of images, uint8 `[C, height, width]`, decoded as `likeness.data.decode.decode` says."""

    def __init__(
        self,
        root: Path,
        files: Sequence[str],
        identity: NDArray[np.int64],
        identity_names: Sequence[str],
        *,
        spatial_size: SpatialSize,
        channels: int,
        grouping: Grouping | None = None,
        keep: bool = False,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        read = partial(decode, spatial_size=spatial_size, channels=channels, max_pixels=max_pixels)
        super().__init__(root, files, identity, identity_names, read=read, grouping=grouping, keep=keep)


def existing_folder(root: str | Path, holding: str) -> Path:
    """`root` as a path; raises `ValueError` where it is no folder. `holding`: what should lie there."""
    folder = Path(root).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ValueError(
            f"The folder {root} {what}: set root=DIR to {holding} (by default it is the folder of the "
            "data's name below LIKENESS_DATA, itself ./data by default)."
        )
    return folder


def identity_folders(root: Path) -> dict[str, list[str]]:
    """The images of every identity, a folder directly in `root`: their paths within it; both in sorted order.

    Those in deeper folders are the identity's too, unless no identity has an image that lies directly in its folder:
    then there are none. Folders without images do not count, and what is left out is logged, by reason. Where there are
    many images, a folder that has not changed since an earlier run is not listed again, see `KnownFolders`.

    Raises:
        FileError: `root` can't be listed, or more than one thing in it, as with a drive that is gone.
    """
    left_out, known = LeftOut(), KnownFolders(root)
    found: dict[str, list[str]] = {}
    for entry in entries_of(str(root)):
        hidden = entry.name.startswith(".")
        if not entry.is_dir():
            if has_image_name(entry.name):
                left_out.add(BESIDE, entry.path)
        elif hidden:
            left_out.add(HIDDEN, entry.path)
        elif images := known.images_in(entry, left_out):
            found[entry.name] = images
    known.keep(sum(map(len, found.values())))
    deeper = [os.path.join(name, file) for name, files in found.items() for file in files if os.sep in file]
    if len(deeper) == sum(map(len, found.values())):
        return {}
    if deeper:
        log.warning(
            "%d images lie deeper in the folders of %s and are read, such as %s.",
            len(deeper),
            root,
            deeper[0],
        )
    left_out.say(root)
    return found


def files_of_identities(
    root: Path,
    found: dict[str, list[str]],
    *,
    spatial_size: SpatialSize,
    channels: int,
    max_pixels: int = MAX_PIXELS,
) -> ImageFiles:
    """`ImageFiles` over what `identity_folders` found, labelled in its order."""
    files = [os.path.join(folder, file) for folder, names in found.items() for file in names]
    identity = np.repeat(np.arange(len(found), dtype=np.int64), [len(names) for names in found.values()])
    return ImageFiles(
        root,
        files,
        identity,
        list(found),
        spatial_size=spatial_size,
        channels=channels,
        max_pixels=max_pixels,
    )
