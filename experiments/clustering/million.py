"""What clustering a million drawn encodings takes: seconds and memory.

    python million.py [IMAGES] [ROWS]      # prints; by default of 1,000,000 images the pairs of ROWS=4,096 first ones

All pairs of a million images are half of 10^12 products: of the first ROWS they are found, and the time of all of them
follows from the number of pairs. With ROWS=IMAGES all are, and the clusters are those of the whole.
"""

import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from likeness.clustering import Measured, Thresholds, clusters, euclidean
from likeness.data.drawn_encodings import identities, images
from likeness.evaluation.clustering import bcubed
from likeness.search import ExactIndex, RowPairs

EACH, CHUNK = 10, 10_000  # images of an identity; identities drawn at a time
THRESHOLDS = Thresholds(0.94, 1.35)  # those of MobileFaceNet


def main(count: int, rows: int) -> None:
    encodings = np.concatenate(
        [
            images(identities(first, CHUNK, seed=0).repeat(EACH, axis=0), seed=first)
            for first in range(0, -(-count // EACH), CHUNK)
        ]
    )[:count]
    identity = np.arange(count) // EACH
    whole, seconds = euclidean(encodings), []

    def below(threshold: float) -> Iterator[RowPairs]:
        start = time.process_time()
        pairs = ExactIndex(encodings).pairs_below(threshold)
        yield from itertools.takewhile(lambda found: found.first[0] < rows, pairs)
        seconds.append(time.process_time() - start)

    start = time.process_time()
    found = clusters(Measured(count, below, whole.matrix, whole.some), THRESHOLDS)
    total = time.process_time() - start
    looked_at = rows * (count - rows / 2)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 2**20
    print(
        json.dumps(
            {
                "images": count,
                "rows": rows,
                "pairs_seconds": round(seconds[0], 1),
                "other_seconds": round(total - seconds[0], 1),
                "all_pairs_seconds": round(seconds[0] * count**2 / 2 / looked_at),
                "peak_gib": round(peak, 2),
                "bcubed_f": bcubed(found, identity).f if rows >= count else None,
            }
        )
    )


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], *("1000000", "4096")[len(sys.argv) - 1 :]]))
