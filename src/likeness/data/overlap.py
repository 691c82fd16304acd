"""Whether identities that were trained on are among those to be tested on."""

import os
from collections.abc import Iterator

from likeness.data.images import Images

_ODD = ("\n/", "\n.", "//", "/.")
"""What names, a line each, have where one may lead out of its folder or be written otherwise than the path below it."""


def identities_in_both(first: Images, second: Images) -> list[str]:
    """The names, in the first, of the identities that are in both, as far as the two are parts of the same data.

    Parts of one folder or file carry its fingerprint under `of`, and their identities are known by name. Otherwise they
    are known by the files of their images, since in other data a name may be another identity's. Drawn identities have
    numbers of their own in each split.

    Sets whose folders can't share a file are not looked at image by image.
    """
    whole = first.fingerprint().get("of")
    if whole is not None and second.fingerprint().get("of") == whole:
        return sorted(_names(first) & _names(second))
    ours, theirs = _Folder(first), _Folder(second)
    if not (ours.files and theirs.files) or ours.of_records != theirs.of_records:
        return []
    # all files of a plain folder lie below it, so what is shared does
    above = next((folder.root for folder in (ours, theirs) if folder.plain), os.sep)
    shown = {name for _, name in theirs.names_below(above)}
    if not shown:
        return []
    shared = (i for i, name in ours.names_below(above) if name in shown)
    return sorted({first.identity_name(int(first.identity[i])) for i in shared})


def _names(samples: Images) -> set[str]:
    return {samples.identity_name(identity) for identity in range(int(samples.identity.max()) + 1)}


class _Folder:
    """Where the images of a set lie.

    `root` ends in a slash; `of_records`: the images are records of few files, and not files themselves; `plain`:
    otherwise, every file's name is its path below the root, as it would be written.
    """

    def __init__(self, samples: Images) -> None:
        self._images, files = samples, samples.files()
        self.files = files.names
        self.root = os.path.join(os.path.realpath(files.root), "")
        self.of_records = len(samples) == 0 or samples.name(0) not in files.names
        text = "\n" + "\n".join(files.names)
        self.plain = self.of_records or not any(part in text for part in _ODD)

    def names_below(self, above: str) -> Iterator[tuple[int, str]]:
        """Each image's index and its path below the folder `above`, of those that lie there."""
        names = ((i, self._images.name(i)) for i in range(len(self._images)))
        if self.root == above and self.plain:
            yield from names
        elif self.of_records:
            return  # a record has no path below another folder
        elif not self.plain:
            paths = ((i, os.path.normpath(os.path.join(self.root, name))) for i, name in names)
            yield from ((i, path.removeprefix(above)) for i, path in paths if path.startswith(above))
        elif self.root.startswith(above):
            further = self.root.removeprefix(above)
            yield from ((i, further + name) for i, name in names)
        elif above.startswith(self.root):
            further = above.removeprefix(self.root)
            yield from ((i, name.removeprefix(further)) for i, name in names if name.startswith(further))
