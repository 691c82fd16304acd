"""Peak memory of one step by tiles of 512 pixels, VGG-19: python experiments/benchmarks/style/tiles.py [SIDE]."""

import resource
import sys

import torch

from likeness.data.style.batch import StyleBatch
from likeness.recipes.choose import training_config
from likeness.recipes.pixels.build import build_network, build_objective
from likeness.tasks.tiles import tiled_costs, tiled_targets


def main() -> None:
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    overrides = ["+experiment=style_transfer", "backbone=vgg19_features", "backbone.weights=null"]
    config = training_config(overrides)
    objective = build_objective(config)
    network = build_network(config, objective.layers)
    content, style, image = torch.rand(3, 1, 3, side, side)
    targets = tiled_targets(network, objective, StyleBatch(content, [style], None, 0), [1.0], 512)
    tiled_costs(network, objective, image.requires_grad_(), targets, 512).total.backward()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    print(f"{side} x {side}: {peak / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
