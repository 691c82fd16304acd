"""What ranking every unit costs beside encoding: both on the same batches, in turn, in one process and one thread.

python overhead.py overhead.json
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from likeness.data.as_float import as_float
from likeness.data.drawn_faces import drawn_faces
from likeness.inspection import LayeredNetwork, Strongest
from likeness.memory import keep_freed_memory
from likeness.models.timm_backbone import timm_backbone

SIDE, BATCH, BATCHES = 112, 32, 128
COUNTED = (8, 16, 32, 64, 128)  # batches after which the overhead until then is told


def main(out: Path) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()  # as every command does
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
        for number, start in enumerate(range(0, len(images), BATCH)):
            index = torch.arange(start, start + BATCH)
            batch = as_float(torch.stack(images.load(index.tolist())))

            def encode(batch: Tensor = batch) -> None:
                backbone(batch)

            def rank(batch: Tensor = batch, index: Tensor = index) -> None:
                network.read(batch, names, lambda name, maps: strongest[name].add(maps, index))

            turn = [(encode, encoding), (rank, ranking)]
            for call, seconds in turn if number % 2 else turn[::-1]:
                began = time.process_time()
                call()
                seconds.append(time.process_time() - began)
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
        "median_of_ratios_of_the_last_quarter": median(ratios[-(BATCHES // 4) :]),
        "by_images": {
            BATCH * count: {
                "ratio_of_sums_until_then": sum(ranking[:count]) / sum(encoding[:count]),
                "median_of_ratios_of_its_second_half": median(ratios[count // 2 : count]),
            }
            for count in COUNTED
        },
        "torch": torch.__version__,
    }
    out.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
