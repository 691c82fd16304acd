"""What lies in the folders of a large set of images, kept between runs by the folders' times of change."""

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from likeness.data.fingerprint import SETTLED, cache_of
from likeness.data.found_images import LeftOut, entries_or_none, has_image_name, images_among
from likeness.data.image_formats import suffixes

_MANY = 10_000
"""Images: fewer are listed before what is known of them is read."""


class KnownFolders:
    """The images of the folders in `root`, of which those that have not changed are not listed again.

    A folder's times change with the names in it. Only folders are kept that hold nothing but images of known suffixes,
    no links and nothing that is left out. That a file has become unreadable since is told when it is read.

    What is known is kept below XDG_CACHE_HOME/likeness, never beside the data, which may be read-only.
    """

    def __init__(self, root: Path) -> None:
        self._file = cache_of(root, "listings", "json")
        self._fresh: dict[str, tuple[str, str]] = {}
        self._formats = sha256(" ".join(sorted(suffixes())).encode()).hexdigest()
        self._known = self._read()

    def images_in(self, entry: os.DirEntry[str], left_out: LeftOut) -> list[str]:
        """As `found_images.images_in` has them, of a folder and those in it."""
        state = _state(entry.path)
        known = self._known.get(entry.name)
        if known is not None and known[0] == state:
            self._fresh[entry.name] = known
            return known[1].split(os.sep)
        inside = entries_or_none(entry.path, left_out)
        images = images_among(entry.path, inside, left_out)
        plain = len(images) == len(inside) > 0 and all(
            one.is_file(follow_symlinks=False) and has_image_name(one.name) for one in inside
        )
        if plain and state is not None and state == _state(entry.path):
            self._fresh[entry.name] = state, os.sep.join(images)
        return images

    def keep(self, count: int) -> None:
        """Keep what is known for the next run, where there are many images; what can't be kept is found anew."""
        if count < _MANY or self._fresh == self._known:
            return
        beside = self._file.with_suffix(f".{os.getpid()}.partial")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps([self._formats, self._fresh]))
            os.replace(beside, self._file)

    def _read(self) -> dict[str, tuple[str, str]]:
        """What is known; a file that is damaged, or of another version's formats, is none."""
        try:
            formats, known = json.loads(self._file.read_text())
            if formats != self._formats:
                return {}
            return {str(name): (str(state), str(images)) for name, (state, images) in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _state(folder: str) -> str | None:
    """A folder's times of change and inode; None where it may change again without other times, or is not there."""
    try:
        status = os.stat(folder)
    except OSError:
        return None
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) <= SETTLED:
        return None
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
