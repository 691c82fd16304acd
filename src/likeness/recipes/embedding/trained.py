"""What a run trained, with what belongs to it: in the run's folder, or in a file that was exported from it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.check import check
from likeness.config.past import upgraded
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.trust import refuse_distrusted
from likeness.errors import LikenessError, ended
from likeness.evaluation import OperatingPoint
from likeness.models.weights import read_weights
from likeness.recipes.embedding.kept_operating_point import (
    operating_point_in,
    plain_operating_point,
    read_operating_point,
)
from likeness.recipes.embedding.networks import Networks, build_to_load, build_trained
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.evaluation_overrides import is_exported

_NOTE = "likeness"
"""The key of a file's metadata under which the configuration and the operating point stand."""


class Trained(NamedTuple):
    """The configuration of a run, its networks with their weights, and its operating point, or None."""

    config: EmbeddingConfig
    networks: Networks
    operating_point: OperatingPoint | None


def trained_at(place: Path, trust: Sequence[str] = (), step: int | None = None) -> Trained:
    """What the run in a folder trained, or what a file holds that was exported from one.

    Args:
        place: the folder, or the `.safetensors` file.
        trust: packages whose parts the configuration may name.
        step: that of a checkpoint to take in place of a run's last.

    Raises:
        LikenessError: there is no such thing, it is damaged, or it has no such checkpoint.
    """
    if is_exported(place):
        if step is not None:
            raise LikenessError(f"--checkpoint is of a run, and {place} is a file: leave it out.")
        return _in_file(place, trust)
    config = embedding_config_of(place, trust)
    return Trained(config, build_trained(config, place, step), read_operating_point(place, step))


def safetensors_bytes(trained: Trained) -> bytes:
    """The weights of all networks as a `.safetensors` file, whose metadata have the rest."""
    from safetensors.torch import save

    config, networks, point = trained
    note = {"config": config.plain(), "operating_point": point and plain_operating_point(point)}
    weights = {name: value.contiguous().clone() for name, value in networks.weights.items()}
    return save(weights, {_NOTE: json.dumps(note)})


def _in_file(path: Path, trust: Sequence[str]) -> Trained:
    try:
        weights = read_weights(path, "name a file that likeness export wrote")
    except ValueError as error:
        raise LikenessError(ended(str(error))) from error
    note = _note_of(path)
    written = upgraded(note["config"])
    refuse_distrusted(path, written, trust)
    try:
        config = check(written, EmbeddingConfig)
    except LikenessError as error:
        raise LikenessError(f"The configuration in {path} won't do: {error}") from error
    networks = build_to_load(config)
    for name, network in networks.parts.items():
        own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(name)}
        try:
            network.load_state_dict(own)
        except RuntimeError as error:
            raise LikenessError(
                f"{path} holds another network's weights than its configuration describes: export it again."
            ) from error
    point = note.get("operating_point")
    return Trained(config, networks, point and operating_point_in(point, path))


def _note_of(path: Path) -> Mapping[str, Any]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        note = (file.metadata() or {}).get(_NOTE)
    try:
        found = json.loads(note or "null")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        raise LikenessError(
            f"{path} says nothing of its network: name a file that likeness export wrote, or take its weights with "
            "backbone.weights=PATH."
        )
    return found
