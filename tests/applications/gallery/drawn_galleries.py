"""Galleries of drawn encodings: points about a centre for each subject, on the sphere."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.sql_store import SqlStore
from likeness.applications.gallery.store import Cohort, Contents, Enrolment, Image, Settings, Whom
from likeness.applications.gallery.stores import create_store, open_store

D = 24
ENCODER: dict[str, Any] = {
    "weights": "0" * 64,
    "backbone": {"spatial_size": 8, "channels": 3},
    "embedder": {"normalize": True},
    "head": None,
    "flip": False,
    "dimensions": D,
}


def about(centres: NDArray[np.float64], images: int, spread: float, seed: int) -> NDArray[np.float32]:
    """So many encodings `[S, images, D]` about each of `centres [S, D]`."""
    draw = np.random.default_rng(seed)
    points = centres[:, None] + spread * draw.standard_normal((len(centres), images, centres.shape[1]))
    return (points / np.linalg.norm(points, axis=2, keepdims=True)).astype(np.float32)


def centres(subjects: int, seed: int) -> NDArray[np.float64]:
    points = np.random.default_rng(seed).standard_normal((subjects, D))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def image(name: str) -> Image:
    return Image(sha256(name.encode()).hexdigest(), f"/images/{name}.png")


def images(name: str, number: int) -> list[Image]:
    return [image(f"{name}-{place}") for place in range(number)]


def enrolment(
    name: str, encodings: NDArray[np.float32], id: str | None = None, called: Sequence[Image] = ()
) -> Enrolment:
    return Enrolment(Whom(name, id), called or images(name, len(encodings)), encodings, ENCODER)


def cohort(subjects: int = 40, each: int = 5, seed: int = 90, spread: float = 0.1) -> Cohort:
    encodings = about(centres(subjects, seed), each, spread, seed)
    names = [f"stranger {number}" for number in range(subjects) for _ in range(each)]
    shown = [one for number in range(subjects) for one in images(f"stranger-{number}", each)]
    return Cohort(names, shown, encodings.reshape(-1, D))


def made(where: str | Path, strangers: Cohort | None = None, score: Score = Score.mean) -> SqlStore:
    """A gallery of nobody."""
    settings = Settings(ENCODER, "/runs/RUN", score)
    nobody = np.empty((0, D), np.float32)
    known = cohort() if strangers is None else strangers
    create_store(where, Contents(0, settings, [], [], np.empty(0, np.int64), nobody, known, []))
    return open_store(where)


def filled(where: str | Path, subjects: int = 8, each: int = 3, seed: int = 1, **options: Any) -> SqlStore:
    """A gallery of S0, S1, ..., of so many templates each."""
    store = made(where, **options)
    encodings = about(centres(subjects, seed), each, 0.1, seed)
    store.enrol([enrolment(f"S{number}", rows) for number, rows in enumerate(encodings)])
    return store
