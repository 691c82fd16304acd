"""ModelNet10's test grids by all 27,000 voxels: the nearest of the training grids, and a ridge. raw.py VOXELS.npz

Copies are left out as `data.drop_duplicates=true` leaves them out. Written apart from the project, to check its probe.
"""

import sys

import numpy as np
from numpy.typing import NDArray

PENALTIES = (10, 100, 300, 1000, 3000, 10_000)


def main(path: str) -> None:
    stored, seen = np.load(path), set()
    parts = {}
    for part in ("train", "test"):
        rows, kept = stored[f"{part}_voxels"], []
        for number, row in enumerate(rows):
            if row.tobytes() not in seen:
                seen.add(row.tobytes())
                kept.append(number)
        voxels = np.unpackbits(rows[kept], axis=1)[:, :27000].astype(np.float32)
        parts[part] = voxels, stored[f"{part}_labels"][kept]
    (learned, label), (asked, truth) = parts["train"], parts["test"]
    print(f"{len(learned)} grids to learn from, {len(asked)} asked about")
    distance = (learned**2).sum(1)[None] - 2 * asked @ learned.T
    print(f"nearest: {(label[distance.argmin(1)] == truth).mean():.3f}")
    for penalty, scores in ridges(learned, np.eye(10)[label], asked):
        print(f"ridge, penalty {penalty}: {(scores.argmax(1) == truth).mean():.3f}")


def ridges(
    learned: NDArray[np.float32], wanted: NDArray[np.float64], asked: NDArray[np.float32]
) -> list[tuple[int, NDArray[np.float64]]]:
    """For each penalty the scores of `asked`, in the dual form: there are fewer grids than voxels."""
    mean = learned.mean(0)
    centred, others = learned - mean, asked - mean
    energy, axes = np.linalg.eigh((centred @ centred.T).astype(np.float64))
    rotated, kernel = axes.T @ (wanted - wanted.mean(0)), others @ centred.T
    return [
        (penalty, kernel @ (axes @ (rotated / (energy + penalty)[:, None])) + wanted.mean(0))
        for penalty in PENALTIES
    ]


if __name__ == "__main__":
    main(sys.argv[1])
