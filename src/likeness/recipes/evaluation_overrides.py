"""Overrides of `likeness evaluate`, and of what else takes a run or an ONNX file for an encoder."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override

from likeness.config.overrides import parsed, touches
from likeness.errors import LikenessError


def parsed_for_evaluation(overrides: Sequence[str]) -> list[Override]:
    """The overrides of an evaluation; raises a LikenessError for `trust`, which is an option there."""
    given = parsed(overrides)
    for one in given:
        if touches(one, "trust"):
            value = one.value()
            names = value if isinstance(value, list) else [value]
            raise LikenessError(
                f"{one.input_line} is not taken here: write {' '.join(f'--trust {name}' for name in names)}."
            )
    return given


def is_onnx(path: Path) -> bool:
    """Whether a path is that of an ONNX file, by its suffix in any case."""
    return path.suffix.lower() == ".onnx"


def is_exported(path: Path) -> bool:
    """Whether a path is that of a file with a run's networks and their configuration, by its suffix in any case."""
    return path.suffix.lower() == ".safetensors"


def refuse_other_network(overrides: Sequence[Override], path: Path) -> None:
    """Raise a LikenessError where overrides would have another network than that of an ONNX file."""
    for one in overrides:
        parts = ("backbone._target_", "backbone.path", "embedder", "head")
        chosen = one.key_or_group == "backbone" and one.value() != "onnx"
        if chosen or any(touches(one, part) for part in parts):
            raise LikenessError(
                f"{one.input_line} can't be changed: {path} is the whole network; backbone.spatial_size, channels, "
                "mean, std and normalize say how it takes images."
            )
