"""By what an encoder is known again: its weights, and all that makes an encoding of an image and a distance of two."""

import json
from collections.abc import Mapping
from typing import Any

from likeness.errors import LikenessError

_SAID = {
    "weights": "its weights",
    "backbone": "how images are prepared, or its backbone",
    "embedder": "its embedder, or its test-time augmentation",
    "head": "its head",
    "flip": "whether mirrored images are encoded too",
    "dimensions": "the length of its encodings",
}

_KINDS: dict[str, Any] = {
    "weights": str,
    "backbone": dict,
    "embedder": dict | None,
    "head": dict | None,
    "flip": bool,
    "dimensions": int,
}


def identity(
    *,
    weights: str,
    backbone: Mapping[str, Any],
    embedder: Mapping[str, Any] | None,
    head: Mapping[str, Any] | None,
    flip: bool,
    dimensions: int,
) -> dict[str, Any]:
    """What makes an encoding, and how two are compared, as plain JSON.

    Args:
        weights: a hash of those of all networks, the head's too, or of an ONNX file.
        backbone: its node of the configuration, in which the images' size, channels, mean and deviation stand.
        embedder: its node, in which the test-time augmentation stands; None for an ONNX file.
        head: its node, or None where distances compare.
        flip: whether the mirror image is encoded too.
        dimensions: of an encoding.
    """
    where_weights_were = ("weights", "path")
    prepared = {key: value for key, value in backbone.items() if key not in where_weights_were}
    found = {
        "weights": weights,
        "backbone": prepared,
        "embedder": embedder,
        "head": head,
        "flip": flip,
        "dimensions": dimensions,
    }
    return dict(json.loads(json.dumps(found, sort_keys=True)))


def whole_identity(found: object) -> dict[str, Any]:
    """An identity that was kept as JSON.

    Raises:
        ValueError: it is none, or a part of it is missing or of another kind.
    """
    if not isinstance(found, dict):
        raise ValueError("its encoder is no mapping")
    for key, kinds in _KINDS.items():
        if key not in found or not isinstance(found[key], kinds):
            raise ValueError(f"its encoder has no {key} that can be read")
    if found["dimensions"] < 1:
        raise ValueError("its encoder has no dimensions")
    return found


def refuse_other(bound: Mapping[str, Any], found: Mapping[str, Any], gallery: str, encoder: str) -> None:
    """Raise a `LikenessError` where an encoder is not the one that a gallery is bound to."""
    other = [said for key, said in _SAID.items() if bound.get(key) != found.get(key)]
    if other:
        raise LikenessError(
            f"{gallery} is bound to another encoder than {encoder}, which differs in {' and '.join(other)}: name the "
            "gallery's own, or move the gallery with likeness gallery reencode."
        )


def normalises(encoder: Mapping[str, Any]) -> bool:
    """Whether an encoder of this identity gives its encodings one length."""
    return bool((encoder["embedder"] or encoder["backbone"]).get("normalize", False))
