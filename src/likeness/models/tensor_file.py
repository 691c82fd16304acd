"""Files that `torch.save` wrote, as plain containers of tensors: nothing that such a file names is called."""

from io import BufferedReader
from pathlib import Path
from typing import Any

import torch


def read_tensors(file: Path | BufferedReader) -> Any:
    """What a file, or one that is open, holds: tensors, numbers and text in dictionaries and lists, on the CPU.

    Raises:
        ValueError: it is cut short, something else, or names code. Torch says so in many ways, one of which advises to
            run the code.
        OSError: the system doesn't give it.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        name = file if isinstance(file, Path) else file.name
        raise ValueError(
            f"{name} holds no plain tensors that can be read ({type(error).__name__}); it is cut short, or something "
            "else, or it names code, which is not run."
        ) from None
