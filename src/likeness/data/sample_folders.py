"""Files of signals or volumes, one folder an identity."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from likeness.data.found_images import HIDDEN, LeftOut, entries_of, entries_or_none
from likeness.data.image_files import LabelledFiles, existing_folder


def labelled_files(
    root: str, suffixes: Sequence[str], read: Callable[[str], Tensor], what: str
) -> LabelledFiles:
    """The files `root/IDENTITY/sample.SUFFIX`, to be read by `read`; `what` they are, as in "recordings".

    What has another suffix, or is hidden, is left out, and logged.

    Raises:
        ValueError: `root` is missing, or has no such files.
        FileError: it can't be listed.
    """
    folder, left_out = existing_folder(root, f"a folder of {what}, one folder an identity"), LeftOut()
    found: dict[str, list[str]] = {}
    for entry in entries_of(str(folder)):
        if entry.name.startswith("."):
            left_out.add(HIDDEN, entry.path)
        elif entry.is_dir():
            inside = entries_or_none(entry.path, left_out)
            named = [file.name for file in inside if file.name.lower().endswith(tuple(suffixes))]
            for file in inside:
                if file.name not in named:
                    left_out.add(f"none of {', '.join(suffixes)}", file.path)
            if named:
                found[entry.name] = named
    if not found:
        raise ValueError(
            f"{root} holds no {what} ({', '.join(suffixes)}): put those of each identity into a folder of its own "
            "below it."
        )
    left_out.say(root)
    files = [os.path.join(identity, name) for identity, names in found.items() for name in names]
    identity = np.repeat(np.arange(len(found), dtype=np.int64), [len(names) for names in found.values()])
    return LabelledFiles(Path(folder), files, identity, list(found), read=read)
