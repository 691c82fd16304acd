"""Whether people that were trained on are among those to be tested on."""

import os
from collections.abc import Iterator

from likeness.data.pictures import Pictures


def people_in_both(first: Pictures, second: Pictures) -> list[str]:
    """The names, in the first, of the people who are in both, as far as the two are parts of the same data.

    Parts of one folder or file carry its fingerprint under `of`, and their people are known by name. Otherwise they are
    known by the files of their pictures, since in other data a name may be another person's. Drawn
    people have numbers of their own in each split.
    """
    whole = first.fingerprint().get("of")
    if whole is not None and second.fingerprint().get("of") == whole:
        return sorted(_names(first) & _names(second))
    shown = {path for _, path in _paths(second)}
    return sorted({first.identity_name(int(first.identity[i])) for i, path in _paths(first) if path in shown})


def _names(pictures: Pictures) -> set[str]:
    return {pictures.identity_name(identity) for identity in range(int(pictures.identity.max()) + 1)}


def _paths(pictures: Pictures) -> Iterator[tuple[int, str]]:
    """Each picture's index and file; of pictures without files none."""
    files = pictures.files()
    root = os.path.realpath(files.root)
    for i in range(len(pictures) if files.names else 0):
        yield i, os.path.normpath(os.path.join(root, pictures.name(i)))
