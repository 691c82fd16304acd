"""Where a user's own modules lie: beside the configuration, and in the folder that a command works in.

Such a folder may come from anywhere, and to have it on the import path is to run what lies in it: a library imports
what it can do without by name, Hydra imports every module of `hydra_plugins`, and a distribution's metadata may declare
parts. So a folder comes onto the import path only when a package that is trusted is asked for and found there.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

FOLDERS = "LIKENESS_MODULES"
"""The variable that names the folders; the processes that this one starts inherit it."""


def look_for_modules_in(*folders: Path | str) -> None:
    """Let trusted packages be found in these folders too, if they are not installed."""
    known = [*_folders(), *(os.path.abspath(folder) for folder in folders)]
    os.environ[FOLDERS] = os.pathsep.join(dict.fromkeys(known))


def make_importable(name: str) -> None:
    """Put the first folder that has the package or module `name`, which is trusted, onto the import path.

    It comes last, and only where nothing else has the name. What else lies in it can be imported from then on, since
    the package may need it.
    """
    top = name.partition(".")[0]
    if top in sys.modules or find_spec(top) is not None:
        return
    for folder in _folders():
        if PathFinder.find_spec(top, [folder]) is not None:
            sys.path.append(folder)
            return


def _folders() -> list[str]:
    return [folder for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
