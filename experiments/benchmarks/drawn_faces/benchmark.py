"""How many drawn faces one core renders in a second, and how far pixels and mean colour tell people apart.

Run: `python experiments/benchmarks/drawn_faces/benchmark.py`. Writes results.json beside itself.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np
import torch

from likeness.data.drawn_faces import drawn_faces
from likeness.data.images import Images
from likeness.randomness import generator

IMAGES, REPEATS = 512, 5
PEOPLE, EACH, PAIRS = 200, 6, 2000


def source(people: int, each: int, size: int, channels: int) -> Images:
    return drawn_faces(
        identities=1,
        pictures_per_identity=each,
        validation_identities=0,
        test_identities=people,
        seed=0,
        image_size=size,
        channels=channels,
    ).test


def rate(size: int, channels: int) -> dict[str, float]:
    """Images a second of the CPU's time (which leaves out what other programs take), and of the clock's."""
    images, count = source(IMAGES // 8, 8, size, channels), IMAGES * 64 * 64 // max(size, 64) ** 2
    images.load(range(32))
    cpu, clock = [], []
    for _ in range(REPEATS):
        began, began_clock = time.process_time(), time.perf_counter()
        images.load(range(count))
        cpu.append(count / (time.process_time() - began))
        clock.append(count / (time.perf_counter() - began_clock))
    return {"median": float(np.median(cpu)), "best": max(cpu), "median_by_the_clock": float(np.median(clock))}


def best_accuracy(distance: np.ndarray, same: np.ndarray) -> float:
    right = same[np.argsort(distance, kind="stable")]
    hits = np.concatenate([[0], np.cumsum(right)]) + np.concatenate([np.cumsum(~right[::-1])[::-1], [0]])
    return float(hits.max() / len(same))


def hardness() -> dict[str, float]:
    """Best-threshold accuracy over balanced pairs of people."""
    test = source(PEOPLE, EACH, 64, 3)
    images = torch.stack(test.load(range(len(test)))).float()
    draw = generator("drawn faces", "pairs")
    same = np.arange(PAIRS) % 2 == 0
    person = draw.integers(PEOPLE, size=PAIRS)
    other = np.where(same, person, (person + draw.integers(1, PEOPLE, size=PAIRS)) % PEOPLE)
    first = draw.integers(EACH, size=PAIRS)
    second = (first + draw.integers(1, EACH, size=PAIRS)) % EACH
    apart = images[person * EACH + first] - images[other * EACH + second]
    return {
        "pixels": best_accuracy(apart.flatten(1).norm(dim=1).numpy(), same),
        "mean_colour": best_accuracy(apart.mean((2, 3)).norm(dim=1).numpy(), same),
    }


def main() -> None:
    torch.set_num_threads(1)
    results = {
        "machine": {
            "processor": platform.machine(),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "images_per_second": {
            f"{size}x{size}x{channels}": rate(size, channels)
            for size, channels in ((64, 3), (64, 1), (112, 3))
        },
        "accuracy_over_2000_pairs": hardness(),
    }
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=2) + "\n")
    for name, found in results["images_per_second"].items():
        print(f"{name}: {found['median']:.0f} images/s of CPU time (best {found['best']:.0f})")
    print(results["accuracy_over_2000_pairs"])


if __name__ == "__main__":
    main()
