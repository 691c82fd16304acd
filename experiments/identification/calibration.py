"""Whether a calibrated search holds its promise in galleries of 10 to 1,000,000 drawn identities.

Strangers search galleries of which each holds the one before. A thousand searches at a time are the cohort that the
threshold is chosen on, and all the others are the strangers that come later: once with an image of each of 1,000
subjects, and once with five of each of 200, which are alike. Beside that, what a threshold for pairs does, and one that
was calibrated once and kept while the gallery grew.

    python calibration.py      # writes calibration.json and calibration.png beside this file
"""

import json
import time
from pathlib import Path

import numpy as np
from drawn_encodings import identities, images
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.identification import Searches, open_set_curve, search_threshold, tpir_at_fpir

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
COHORT, COHORTS, MATED = 1_000, 8, 1_000
EACH = (1, 5)
"""How many images of a stranger search."""

WANTED = (0.1, 0.01)
KEPT = 1_000  # the gallery that a threshold is calibrated in and then kept
SEED = 0
BLOCK = 10_000  # identities of the gallery drawn, and searched, at a time


def main() -> None:
    """Search, calibrate, write."""
    start = time.process_time()
    strangers = np.concatenate(
        [
            images(identities(first, COHORT * COHORTS // each, seed=SEED).repeat(each, axis=0), seed=first)
            for each, first in zip(EACH, (2_000_000, 4_000_000), strict=True)
        ]
    )
    probes = images(identities(0, MATED, seed=SEED), seed=SEED + 1)
    smallest, found = searched(strangers, probes)
    pairs = pair_distances()
    rows = [row for size in SIZES for row in calibrated(size, smallest, found[size], pairs)]
    content = {
        "cohort": COHORT,
        "cohorts": COHORTS,
        "dimensions": strangers.shape[1],
        "processor_seconds": round(time.process_time() - start, 1),
        "rows": rows,
    }
    here = Path(__file__).parent
    (here / "calibration.json").write_text(json.dumps(content, indent=1) + "\n")
    figure(rows).savefig(here / "calibration.png")


def searched(
    strangers: NDArray[np.float32], probes: NDArray[np.float32]
) -> tuple[dict[int, NDArray[np.float64]], dict[int, Searches]]:
    """By the gallery's size each stranger's smallest distance, and what all probes find; one pass over the largest.

    The gallery holds the identities themselves, the limit of a mean of many templates. Products are of float32: whole
    searches of hundreds of millions of distances, of which the last digit decides none.
    """
    nearest = np.full(len(strangers), np.inf)
    rank = np.ones(len(probes), dtype=np.int64)
    own = 2 - 2 * np.einsum("pd,pd->p", probes, identities(0, len(probes), seed=SEED), dtype=np.float64)
    smallest: dict[int, NDArray[np.float64]] = {}
    found: dict[int, Searches] = {}
    done = 0
    for size in SIZES:
        for start in range(done, size, BLOCK):
            begin = start - start % BLOCK
            drawn = identities(begin, min(BLOCK, size - begin), seed=SEED)[start - begin :]
            nearest = np.minimum(nearest, 2 - 2 * (strangers @ drawn.T).max(axis=1))
            distance = 2 - 2 * probes @ drawn.T
            mate = np.arange(len(probes)) - start
            there = np.flatnonzero((mate >= 0) & (mate < len(drawn)))
            distance[there, mate[there]] = np.inf
            rank += np.count_nonzero(distance <= own[:, None], axis=1)
        done = size
        enrolled = min(size, len(probes))
        smallest[size] = nearest.copy()
        found[size] = Searches(
            np.arange(enrolled + len(strangers)),
            np.concatenate([own[:enrolled], nearest]),
            np.concatenate([rank[:enrolled], np.zeros(len(strangers), dtype=np.int64)]),
        )
    return smallest, found


def pair_distances() -> NDArray[np.float64]:
    """Distances of a million pairs of two identities, on which a threshold for pairs is chosen."""
    some = images(identities(3_000_000, 2_000, seed=SEED), seed=SEED + 2)
    return (2 - 2 * some[:1000].astype(np.float64) @ some[1000:].T).ravel()


def calibrated(
    size: int,
    smallest: dict[int, NDArray[np.float64]],
    found: Searches,
    pairs: NDArray[np.float64],
) -> list[dict[str, float]]:
    """Wanted and found rates in a gallery of a size, by the images of a stranger: over the cohorts."""
    rows = []
    curve = open_set_curve(found)
    here, once = (np.split(smallest[each], len(EACH)) for each in (size, KEPT))
    for fpir in WANTED:
        for each, distance, kept in zip(EACH, here, once, strict=True):
            subject = np.arange(len(distance)) // each
            rates, grown, told = [], [], []
            for cohort in range(COHORTS):
                chosen = np.arange(len(distance)) // COHORT == cohort
                threshold = search_threshold(distance[chosen], subject[chosen], fpir)
                rates.append(float(np.mean(distance[~chosen] < threshold.threshold)))
                told.append((threshold.low, threshold.high))
                before = search_threshold(kept[chosen], subject[chosen], fpir, resamples=1)
                grown.append(float(np.mean(distance[~chosen] < before.threshold)))
            rows.append(
                {
                    "gallery": size,
                    "wanted": fpir,
                    "images_each": each,
                    "found": float(np.mean(rates)),
                    "lowest": min(rates),
                    "highest": max(rates),
                    "told_low": float(np.mean([low for low, _ in told])),
                    "told_high": float(np.mean([high for _, high in told])),
                    "within_told": sum(
                        low <= rate <= high for rate, (low, high) in zip(rates, told, strict=True)
                    ),
                    "kept_from_1000": float(np.mean(grown)),
                    "threshold_of_pairs": float(np.mean(distance < np.quantile(pairs, fpir))),
                    "tpir": float(tpir_at_fpir(curve, fpir)),
                    "rank_1": float(np.mean(found.rank[found.mated] == 1)),
                }
            )
    return rows


def figure(rows: list[dict[str, float]]):
    """Wanted and found FPIR over the gallery's size, and beside it what the encodings allow at that rate."""
    drawn, (rates, hits) = quiet_figure(1, 2, size=(9.6, 4.4))
    for fpir, colour in zip(WANTED, COLOURS, strict=False):
        of = [row for row in rows if row["wanted"] == fpir and row["images_each"] == EACH[0]]
        sizes = np.array([row["gallery"] for row in of])
        rates.axhline(fpir, color=colour, linewidth=0.8, linestyle=(0, (2, 3)))
        for each, shift, fill in zip(EACH, (0.85, 1.18), (colour, "white"), strict=True):
            alike = [row for row in rows if row["wanted"] == fpir and row["images_each"] == each]
            value = np.array([row["found"] for row in alike])
            spread = [value - [row["lowest"] for row in alike], [row["highest"] for row in alike] - value]
            rates.errorbar(
                sizes * shift, value, spread, color=colour, marker="o", markersize=4, linewidth=0, elinewidth=1.2,
                markerfacecolor=fill, capsize=2,
            )  # fmt: skip
        for key, dashes in (("kept_from_1000", "--"), ("threshold_of_pairs", ":")):
            line = np.array([row[key] for row in of])
            rates.plot(sizes[line > 0], line[line > 0], color=colour, linestyle=dashes, linewidth=1.4)
        label = f"TPIR at FPIR {fpir:.0%}, rank 1"
        hits.plot(sizes, [row["tpir"] for row in of], color=colour, marker="o", markersize=4, label=label)
    first = [row["rank_1"] for row in rows if row["wanted"] == WANTED[0] and row["images_each"] == EACH[0]]
    hits.plot(sizes, first, color=INK, linewidth=1.2, label="rank 1")
    for mark, line, fill, label in (
        ("o", "", INK, "for this gallery, on 1,000 strangers"),
        ("o", "", "white", "for this gallery, on 5 images of 200 strangers"),
        ("", "--", INK, "kept from a gallery of 1,000"),
        ("", ":", INK, "of pairs"),
    ):
        rates.plot(
            [], [], color=INK, marker=mark, markersize=4, markerfacecolor=fill, linestyle=line, label=label
        )
    rates.set(xscale="log", yscale="log", ylim=(1e-5, 1.5))
    hits.set(xscale="log", ylim=(0.8, 1.005))
    hits.set_yticks([0.8, 0.85, 0.9, 0.95, 1.0])
    hits.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    rates.set_ylabel("strangers told as somebody (FPIR)", color=INK)
    hits.set_ylabel("of the enrolled who search, found", color=INK)
    for axes in (rates, hits):
        axes.set_xlabel("identities in the gallery", color=INK)
    rates.legend(title="threshold", title_fontsize=8, fontsize=8, frameon=False, loc="lower right")
    hits.legend(fontsize=8, frameon=False, loc="lower left")
    return drawn


if __name__ == "__main__":
    main()
