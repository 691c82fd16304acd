"""Whether a calibrated search holds its promise in galleries of 10 to 1,000,000 drawn identities.

Strangers by the thousand search galleries of which each holds the one before. Each thousand in turn is the cohort that
the threshold is chosen on, and all the others are the strangers that come later. Beside that, what a threshold for
pairs does, and one that was calibrated once and kept while the gallery grew.

    python calibration.py      # writes calibration.json and calibration.png beside this file
"""

import json
import time
from pathlib import Path

import numpy as np
from drawn_encodings import identities, images
from numpy.typing import NDArray

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.identification import Searches, open_set_curve, search_threshold, tpir_at_fpir

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
COHORT, COHORTS, MATED = 1_000, 8, 1_000
WANTED = (0.1, 0.01)
KEPT = 1_000  # the gallery that a threshold is calibrated in and then kept
SEED = 0
BLOCK = 10_000  # identities of the gallery drawn, and searched, at a time


def main() -> None:
    """Search, calibrate, write."""
    start = time.process_time()
    strangers = images(identities(2_000_000, COHORT * COHORTS, seed=SEED), seed=SEED)
    probes = images(identities(0, MATED, seed=SEED), seed=SEED + 1)
    smallest, found = searched(strangers, probes)
    pairs = pair_distances()
    rows = [row for size in SIZES for row in calibrated(size, smallest, found, pairs)]
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
    found: dict[int, Searches],
    pairs: NDArray[np.float64],
) -> list[dict[str, float]]:
    """Wanted and found rates in a gallery of a size: over the cohorts, the mean and the lowest and highest."""
    rows = []
    curve = open_set_curve(found[size])
    for fpir in WANTED:
        rates, kept, told, covered = [], [], [], []
        for cohort in range(COHORTS):
            chosen = np.arange(len(smallest[size])) // COHORT == cohort
            later = smallest[size][~chosen]
            threshold = search_threshold(smallest[size][chosen], np.flatnonzero(chosen), fpir)
            rates.append(float(np.mean(later < threshold.threshold)))
            told.append((threshold.low, threshold.high))
            covered.append(threshold.low <= rates[-1] <= threshold.high)
            once = search_threshold(smallest[KEPT][chosen], np.flatnonzero(chosen), fpir)
            kept.append(float(np.mean(later < once.threshold)))
        rows.append(
            {
                "gallery": size,
                "wanted": fpir,
                "found": float(np.mean(rates)),
                "lowest": min(rates),
                "highest": max(rates),
                "told_low": float(np.mean([low for low, _ in told])),
                "told_high": float(np.mean([high for _, high in told])),
                "within_told": int(np.sum(covered)),
                "kept_from_1000": float(np.mean(kept)),
                "threshold_of_pairs": float(np.mean(smallest[size] < np.quantile(pairs, fpir))),
                "tpir": float(tpir_at_fpir(curve, fpir)),
                "rank_1": float(np.mean(found[size].rank[found[size].mated] == 1)),
            }
        )
    return rows


def figure(rows: list[dict[str, float]]):
    """Wanted and found FPIR over the gallery's size, and beside it what the encodings allow at that rate."""
    drawn, (rates, hits) = quiet_figure(1, 2, size=(9.6, 4.4))
    for fpir, colour in zip(WANTED, COLOURS, strict=False):
        of = [row for row in rows if row["wanted"] == fpir]
        sizes, value = [row["gallery"] for row in of], np.array([row["found"] for row in of])
        spread = [value - [row["lowest"] for row in of], [row["highest"] for row in of] - value]
        rates.axhline(fpir, color=colour, linewidth=0.8, linestyle=(0, (2, 3)))
        rates.errorbar(sizes, value, spread, color=colour, marker="o", markersize=4, linewidth=1.6, capsize=3)
        for key, dashes in (("kept_from_1000", "--"), ("threshold_of_pairs", ":")):
            rates.plot(sizes, [row[key] for row in of], color=colour, linestyle=dashes, linewidth=1.4)
        hits.plot(sizes, [row["tpir"] for row in of], color=colour, marker="o", markersize=4, linewidth=1.6)
        hits.annotate(
            f"TPIR at FPIR {fpir:.0%}", (sizes[-1], of[-1]["tpir"]), (0, -12), textcoords="offset points",
            ha="right", fontsize=8.5, color=colour,
        )  # fmt: skip
    first = [row["rank_1"] for row in rows if row["wanted"] == WANTED[0]]
    hits.plot(sizes, first, color=INK, linewidth=1.2)
    hits.annotate(
        "rank 1",
        (sizes[-1], first[-1]),
        (0, 5),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=INK,
    )
    for style, label in (
        ("-", "calibrated for this gallery"),
        ("--", "kept from a gallery of 1,000"),
        (":", "of pairs"),
    ):
        rates.plot([], [], color=INK, linestyle=style, label=label)
    rates.set(xscale="log", yscale="log", ylim=(5e-5, 1.5))
    hits.set(xscale="log", ylim=(0, 1.02))
    rates.set_ylabel("strangers told as somebody (FPIR)", color=INK)
    hits.set_ylabel("of the enrolled who search, found", color=INK)
    for axes in (rates, hits):
        axes.set_xlabel("identities in the gallery", color=INK)
    rates.legend(title="threshold", title_fontsize=8.5, fontsize=8.5, frameon=False, loc="lower right")
    return drawn


if __name__ == "__main__":
    main()
