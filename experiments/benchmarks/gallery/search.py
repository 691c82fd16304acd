"""Exact search beside a plain matrix product, faiss and usearch; rewrites search.json.

A contender that is not installed is left out.
"""

import json
import platform
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from timing import side_by_side

from likeness.search import ExactIndex

ROWS, DIMENSIONS, BATCH, ROUNDS = 100_000, 512, 256, 15

Search = Callable[[NDArray[np.float32], int], NDArray[np.int64]]


def plain(gallery: NDArray[np.float32]) -> Search:
    """Products with all rows, of which the largest is taken: of rows of one length that is the nearest."""

    def search(probes: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        if len(probes) == 1:
            return np.array([[(gallery @ probes[0]).argmax()]])
        return (probes @ gallery.T).argmax(axis=1)[:, None]

    return search


def likeness(gallery: NDArray[np.float32]) -> Search:
    index = ExactIndex(gallery)
    return lambda probes, k: index.nearest(probes, k).row


def faiss(gallery: NDArray[np.float32]) -> Search:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(DIMENSIONS)
    index.add(gallery)
    return lambda probes, k: index.search(probes, k)[1]


def usearch(gallery: NDArray[np.float32]) -> Search:
    from usearch.index import MetricKind
    from usearch.index import search as exact

    def search(probes: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        found = exact(gallery, probes, k, MetricKind.L2sq, exact=True, threads=1)
        return found.keys.reshape(len(probes), -1).astype(np.int64)

    return search


CONTENDERS = {"likeness": likeness, "faiss": faiss, "usearch": usearch}
PACKAGES = {"faiss": "faiss-cpu"}


def drawn() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A gallery of directions, and probes near to some of its rows."""
    draw = np.random.default_rng(0)
    gallery = draw.standard_normal((ROWS, DIMENSIONS), dtype=np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    probes = gallery[draw.integers(0, ROWS, BATCH)]
    probes = probes + 0.02 * draw.standard_normal(probes.shape, dtype=np.float32)
    return gallery, (probes / np.linalg.norm(probes, axis=1, keepdims=True)).astype(np.float32)


def main() -> None:
    gallery, probes = drawn()
    searches, versions = {"plain product": plain(gallery)}, {"numpy": np.__version__}
    for name, make in CONTENDERS.items():
        try:
            searches[name] = make(gallery)
            if name != "likeness":
                versions[name] = metadata.version(PACKAGES.get(name, name))
        except ImportError as error:
            print(f"without {name}: {error}")
    nearest = ExactIndex(gallery).nearest(probes, 5).row
    for name, search in searches.items():  # all find the same
        assert np.array_equal(search(probes[:1], 1)[:, 0], nearest[:1, 0]), name
    results = {
        "machine": {"cpu": platform.processor() or platform.machine(), "threads": 1},
        "versions": versions,
        "size": {"rows": ROWS, "dimensions": DIMENSIONS, "batch": BATCH},
    }
    batched = [name for name in searches if name in ("plain product", "likeness", "faiss")]
    for title, asked, k, names, rounds in (
        ("one_query", probes[:1], 1, list(searches), ROUNDS),
        ("batch_top_1", probes, 1, batched, ROUNDS),
        ("batch_top_5", probes, 5, [name for name in batched if name != "plain product"], ROUNDS),
    ):
        calls = {name: partial(searches[name], asked, k) for name in names}
        seconds = side_by_side(calls, rounds)
        results[title] = {
            "median_ms": {name: round(1e3 * each, 2) for name, each in seconds.items()},
            "likeness_to": {
                name: round(seconds["likeness"] / each, 3)
                for name, each in seconds.items()
                if name != "likeness"
            },
        }
        print(title, json.dumps(results[title], indent=1), flush=True)
    Path(__file__).with_name("search.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
