"""The configuration of an evaluation of an ONNX file: as the file says of itself, and as overrides say."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.make import plain
from likeness.config.overrides import parsed
from likeness.config.schema.base import Positive
from likeness.config.schema.embedding import EvaluateConfig
from likeness.errors import LikenessError
from likeness.models.onnx_file import notes_in
from likeness.recipes.evaluation_overrides import refuse_other_network

NOTE = "likeness"
"""The key under which a file that we write says what it takes."""

PerChannel = Annotated[list[float], Field(min_length=1)]


class Taken(BaseModel):
    """What an exported encoder takes: samples of these axes and channels, standardised so beforehand.

    `normalize` says whether its embeddings have length 1.
    """

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    spatial_size: Annotated[list[Positive], Field(min_length=1, max_length=3)]
    channels: Positive
    mean: PerChannel
    std: PerChannel
    normalize: bool


def onnx_evaluation(path: Path, overrides: Sequence[str], trust: Sequence[str] = ()) -> EvaluateConfig:
    """The evaluation of an ONNX file that `overrides` choose; what it takes is as it notes itself, if it does.

    Raises:
        LikenessError: the file can't be read, or an override names nothing that there is, or would change the network.
    """
    refuse_other_network(parsed(overrides), path)
    config = composed("evaluate", ["backbone=onnx", *_noted(path), *overrides])
    config.backbone.path = str(path)
    config.trust = list(trust)
    return check(plain(config), EvaluateConfig)


def _noted(path: Path) -> list[str]:
    """What a file notes of itself, as overrides; none where somebody else wrote it."""
    try:
        note = notes_in(path).get(NOTE)
        taken = None if note is None else Taken.model_validate(json.loads(note))
    except (ValidationError, json.JSONDecodeError):
        raise LikenessError(f"{path} says of itself what can't be read: export it again.") from None
    except ValueError as error:
        raise LikenessError(str(error)) from error
    known = {} if taken is None else taken.model_dump()
    return [f"backbone.{key}={json.dumps(value)}" for key, value in known.items()]
