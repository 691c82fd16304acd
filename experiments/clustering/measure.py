"""Clusters of all of LFW by several methods, whose parameters are chosen on CelebA alone.

    python measure.py DATA KEPT ENCODER.onnx      # writes measured.json and clusters.png beside this file

DATA holds `lfw/` and `celeba/`; ENCODER takes 112 x 112 with ImageNet's mean and deviation; the folder KEPT keeps the
encodings, so that a second call does not encode again.
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans

from likeness.clustering import Thresholds, choose_thresholds, clusters, euclidean
from likeness.data.image_files import files_of_identities, identity_folders
from likeness.data.lfw import lfw
from likeness.data.skipping import SkippingUnreadable
from likeness.evaluation.clustering import bcubed, pairwise
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.models.onnx_encoder import OnnxEncoder
from likeness.recipes.embedding.encode import encode
from likeness.search import ExactIndex

ANY = 5.0  # above the squared distance of any two points of the sphere
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
ROUNDS = 20  # of Chinese whispers


class Encoded(NamedTuple):
    """Encodings `[N, D]`, and whom each shows `[N]`."""

    rows: NDArray[np.float32]
    identity: NDArray[np.int64]


def main(data: Path, kept: Path, encoder: Path) -> None:
    """Choose on CelebA, cluster LFW, write."""
    chosen_on, tested = (encoded(name, data, kept, encoder) for name in ("celeba", "lfw"))
    start = time.process_time()
    thresholds = choose_thresholds(euclidean(chosen_on.rows), chosen_on.identity)
    content = {
        "chosen_on": {"images": len(chosen_on.rows), "identities": len(np.unique(chosen_on.identity))},
        "tested": {"images": len(tested.rows), "identities": len(np.unique(tested.identity))},
        "thresholds": thresholds._asdict(),
        "choosing_processor_seconds": round(time.process_time() - start, 2),
        "methods": {},
        "over_threshold": over_threshold(chosen_on, tested, thresholds),
    }
    here = Path(__file__).parent
    for name, (method, choices) in methods(thresholds).items():
        choice = best(method, choices, chosen_on)
        if name == "K-means at the true K":
            choice = len(np.unique(tested.identity))
        start = time.process_time()
        cluster = method(tested.rows, choice)
        seconds = time.process_time() - start
        content["methods"][name] = {
            "choice": list(choice) if isinstance(choice, tuple) else choice,
            "bcubed": bcubed(cluster, tested.identity)._asdict(),
            "pairwise": pairwise(cluster, tested.identity)._asdict(),
            "processor_seconds": round(seconds, 2),
        }
        print(name, json.dumps(content["methods"][name]), flush=True)
        (here / "measured.json").write_text(json.dumps(content, indent=1) + "\n")
    figure(content).savefig(here / "clusters.png")


def encoded(name: str, data: Path, kept: Path, path: Path) -> Encoded:
    """The encodings of a data set, without mirrored images: kept ones, or made and kept."""
    if name == "lfw":
        images = lfw(root=str(data / name), spatial_size=112, channels=3).test
        assert images is not None
    else:
        folders = identity_folders(data / name)
        images = files_of_identities(data / name, folders, spatial_size=112, channels=3)
    file = kept / f"{name}.npy"
    if not file.is_file():
        made = OnnxEncoder(path=str(path), normalize=True, spatial_size=112, channels=3, **IMAGENET).eval()
        device = torch.device("cpu")
        rows = encode(made, SkippingUnreadable(images), device=device, batch_size=128, workers=0, flip=False)[
            1
        ]
        np.save(file, rows)
    return Encoded(np.load(file), images.identity)


Method = Callable[[NDArray[np.float32], object], NDArray[np.int64]]


def methods(thresholds: Thresholds) -> dict[str, tuple[Method, Iterable[object]]]:
    """By its name each method, and the choices of its parameters."""
    near = [round(0.5 + 0.05 * step, 2) for step in range(17)]
    return {
        "Likeness": (lambda rows, _: clusters(euclidean(rows), thresholds), [None]),
        "thresholded neighbours": (
            lambda rows, at: clusters(euclidean(rows), Thresholds(at, ANY)),
            [thresholds.neighbours],
        ),
        "Chinese whispers": (chinese_whispers, near),
        "DBSCAN": (
            lambda rows, at: DBSCAN(eps=at[0], min_samples=at[1], metric="sqeuclidean").fit_predict(rows),
            [(each, least) for each in near for least in (3, 4, 5)],
        ),
        "HDBSCAN": (
            lambda rows, least: HDBSCAN(min_cluster_size=least, copy=True).fit_predict(rows),
            [2, 3, 4],
        ),
        "average linkage": (
            lambda rows, at: fcluster(average(rows), at, "distance"),
            [round(0.8 + 0.02 * step, 2) for step in range(45)],
        ),
        "K-means at the true K": (
            lambda rows, k: KMeans(k, n_init=1, random_state=0).fit_predict(rows),
            [294],
        ),
    }


_TREES: dict[int, NDArray[np.float64]] = {}


def average(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The tree of average linkage, made once for all the places where it is cut."""
    if len(rows) not in _TREES:
        _TREES[len(rows)] = linkage(pdist(rows.astype(np.float64), "sqeuclidean"), "average")
    return _TREES[len(rows)]


def best(method: Method, choices: Iterable[object], on: Encoded) -> object:
    """The choice of the largest F of BCubed; a single one is taken as it is."""
    listed = list(choices)
    if len(listed) == 1:
        return listed[0]
    return max(listed, key=lambda choice: bcubed(method(on.rows, choice), on.identity).f)


def chinese_whispers(rows: NDArray[np.float32], threshold: object) -> NDArray[np.int64]:
    """Each image in turn takes the label that weighs most among its neighbours (Biemann 2006)."""
    found = [pairs for pairs in ExactIndex(rows).pairs_below(float(threshold)) if len(pairs.first)]
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    weight = 1 - np.square(rows[first] - rows[second]).sum(axis=1) / 2
    ends = np.concatenate([first, second])
    order = np.argsort(ends, kind="stable")
    others = np.concatenate([second, first])[order]
    weights = np.concatenate([weight, weight])[order]
    starts = np.searchsorted(ends[order], np.arange(len(rows) + 1)).tolist()
    label = list(range(len(rows)))
    draw = np.random.default_rng(0)
    neighbours = [others[a:b].tolist() for a, b in itertools.pairwise(starts)]
    weighing = [weights[a:b].tolist() for a, b in itertools.pairwise(starts)]
    for _ in range(ROUNDS):
        for image in draw.permutation(np.unique(ends)).tolist():
            total: dict[int, float] = {}
            for other, weight in zip(neighbours[image], weighing[image], strict=True):
                total[label[other]] = total.get(label[other], 0.0) + weight
            label[image] = max(total, key=lambda each: total[each])
    return np.array(label)


def over_threshold(chosen_on: Encoded, tested: Encoded, thresholds: Thresholds) -> list[dict[str, float]]:
    """F on both sets over the threshold of neighbours, with components alone and with ours."""
    rows = []
    for at in np.arange(0.6, 1.11, 0.05).round(2).tolist():
        row = {"threshold": at}
        for name, on in (("celeba", chosen_on), ("lfw", tested)):
            for kind, joined in (("components", ANY), ("split", thresholds.joined)):
                found = clusters(euclidean(on.rows), Thresholds(at, joined))
                row[f"{name}_{kind}"] = bcubed(found, on.identity).f
        rows.append(row)
    return rows


def figure(content: dict):
    """The methods' F, and F over the threshold."""
    drawn, (bars, lines) = quiet_figure(1, 2, size=(10.4, 4.2))
    names = list(content["methods"])
    for place, name in enumerate(reversed(names)):
        value = content["methods"][name]["bcubed"]["f"]
        bars.barh(place, value, color=COLOURS[0] if name == "Likeness" else COLOURS[1], height=0.6)
        bars.text(value + 0.005, place, f"{value:.3f}", va="center", fontsize=8.5, color=INK)
    bars.set_yticks(range(len(names)), list(reversed(names)), fontsize=9)
    bars.set_xlim(0.5, 1.06)
    bars.set_xlabel("BCubed F on LFW", color=INK)
    at = [row["threshold"] for row in content["over_threshold"]]
    for name, title, colour in (("lfw", "LFW", COLOURS[0]), ("celeba", "CelebA", COLOURS[1])):
        for kind, dashes in (("split", "-"), ("components", "--")):
            value = [row[f"{name}_{kind}"] for row in content["over_threshold"]]
            label = f"{title}, {'split by average linkage' if kind == 'split' else 'components alone'}"
            lines.plot(at, value, color=colour, linestyle=dashes, linewidth=1.6, label=label)
    chosen = content["thresholds"]["neighbours"]
    lines.axvline(chosen, color=INK, linewidth=0.8, linestyle=(0, (2, 3)), label="chosen on CelebA")
    lines.set_ylim(0.4, 1.01)
    lines.set_xlabel("squared distance of neighbours", color=INK)
    lines.set_ylabel("BCubed F", color=INK)
    lines.legend(fontsize=8, frameon=False, loc="lower left")
    return drawn


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
