"""JSON files of a run's folder, read as what they should hold: whatever else lies there ends in one sentence."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from likeness.errors import LikenessError, one_line

T = TypeVar("T")

_adapters: dict[Any, TypeAdapter[Any]] = {}


def read_json(path: Path, shape: type[T]) -> T:
    """The content of a JSON file.

    Args:
        path: of the file.
        shape: what it should be, such as `list[str]` or a `TypedDict`, whose further keys are its own affair.

    Raises:
        LikenessError: it is missing, or no JSON, or of another shape.
    """
    if path.exists() and not path.is_file():
        raise LikenessError(f"{path} can't be read (it is no file).")
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise LikenessError(f"{path} can't be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # half a file, no text, ten thousand brackets
        raise LikenessError(f"{path} can't be read: it is no JSON ({one_line(error)}).") from error
    refuse_other_shape(path, content, shape)
    return content


def refuse_other_shape(path: Path, content: Any, shape: Any) -> None:
    """Raise a LikenessError where the content of a file is not of a shape, as `read_json` takes them."""
    try:
        _adapter(shape).validate_python(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise LikenessError(f"{path} is not what it was written as ({place}: {first['msg']}).") from error


def _adapter(shape: Any) -> TypeAdapter[Any]:
    """Kept, as it takes long to make."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]
