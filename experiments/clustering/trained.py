"""Clusters of all of LFW by a run's encoder, whose thresholds are chosen on the run's validation identities.

    python trained.py DATA KEPT RUN      # writes trained.json beside this file

DATA holds `lfw/`; RUN is a run's folder, with identities held back to validate on; the folder KEPT keeps the encodings.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from likeness.clustering import Thresholds, choose_thresholds, clusters, euclidean
from likeness.data.lfw import lfw
from likeness.data.skipping import SkippingUnreadable
from likeness.evaluation.clustering import bcubed, pairwise
from likeness.recipes.embedding.encode import encode
from likeness.recipes.embedding.networks import build_trained
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.embedding.readable import build_data

ANY = 5.0  # above the squared distance of any two points of the sphere


def main(data: Path, kept: Path, run: Path) -> None:
    """Choose on the validation identities, cluster LFW, write."""
    chosen_on = build_data(embedding_config_of(run).data).validation
    tested = lfw(root=str(data / "lfw"), spatial_size=112, channels=3).test
    assert chosen_on is not None
    assert tested is not None
    thresholds = choose_thresholds(
        euclidean(encodings(kept / "validation.npy", run, chosen_on)), chosen_on.identity
    )
    rows = encodings(kept / "tested.npy", run, SkippingUnreadable(tested))
    content = {
        "chosen_on": {"images": len(chosen_on.identity), "identities": len(np.unique(chosen_on.identity))},
        "thresholds": thresholds._asdict(),
        "methods": {},
    }
    for name, used in (
        ("Likeness", thresholds),
        ("thresholded neighbours", Thresholds(thresholds.neighbours, ANY)),
    ):
        start = time.process_time()
        cluster = clusters(euclidean(rows), used)
        content["methods"][name] = {
            "bcubed": bcubed(cluster, tested.identity)._asdict(),
            "pairwise": pairwise(cluster, tested.identity)._asdict(),
            "processor_seconds": round(time.process_time() - start, 2),
        }
    (Path(__file__).parent / "trained.json").write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content, indent=1))


def encodings(kept: Path, run: Path, images: SkippingUnreadable) -> NDArray[np.float32]:
    """The encodings `[N, D]` of all images, without their mirror images: kept ones, or made and kept."""
    if not kept.is_file():
        networks = build_trained(embedding_config_of(run), run).ready(torch.device("cpu"))
        made = encode(
            networks.embedder.encode_views,
            images,
            device=torch.device("cpu"),
            batch_size=128,
            workers=0,
            flip=False,
        )
        np.save(kept, made[1])
    return np.load(kept)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
