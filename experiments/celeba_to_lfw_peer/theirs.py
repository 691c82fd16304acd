"""The peer recipe by pytorch-metric-learning's own miners and loss, and by ours, in one plain loop from the same seeds.

python experiments/celeba_to_lfw_peer/theirs.py CHOICE SEED ..., as `semi_hard_theirs 0 1 2`; adds to theirs.json.
"""

import json
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from torch import Tensor

from likeness.data.loading import training_loader
from likeness.losses import AllSemiHardTripletLoss, BatchHardTripletLoss
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.encoders import encoder_of
from likeness.recipes.embedding.inputs import build_inputs
from likeness.recipes.embedding.measure import measure
from likeness.recipes.embedding.networks import Networks
from likeness.recipes.embedding.readable import build_data
from likeness.recipes.embedding.recipe import EmbeddingRecipe

Loss = Callable[[Tensor, Tensor], Tensor]
RESULTS = Path(__file__).parent / "theirs.json"
MARGIN, DISTANCE = 0.2, LpDistance(normalize_embeddings=False)  # plain; the recipe's encodings have length 1


def theirs(miner: BatchHardMiner | TripletMarginMiner) -> Loss:
    """Their loss on what their miner finds, averaged over the triplets above 0, as is their default."""
    loss = TripletMarginLoss(MARGIN, distance=DISTANCE)
    return lambda embedding, identity: loss(embedding, identity, miner(embedding, identity))


def ours(loss: BatchHardTripletLoss | AllSemiHardTripletLoss) -> Loss:
    """Our loss as a number to go down on."""
    return lambda embedding, identity: loss(embedding, identity).loss


LOSSES: dict[str, Loss] = {
    "batch_hard_theirs": theirs(BatchHardMiner(distance=DISTANCE)),
    "batch_hard_ours": ours(BatchHardTripletLoss(MARGIN, "plain", "active")),
    "semi_hard_theirs": theirs(TripletMarginMiner(MARGIN, "semihard", distance=DISTANCE)),
    "semi_hard_ours": ours(AllSemiHardTripletLoss(MARGIN, "plain", "active")),
}


def lfw_after(loss: Loss, seed: int) -> dict[str, float | None]:
    """Accuracy and area under the ROC on LFW's View 2 after the recipe's 1,500 steps, and the last steps' mean loss."""
    config = training_config(["+experiment=celeba_to_lfw_peer", f"seed={seed}", "trainer.accelerator=cpu"])
    work = EmbeddingRecipe(config)
    task, data = work.task(), work.data()
    embedder = task.embedder.train()
    optimizer = task.make_optimizer(list(embedder.parameters()))
    scheduler = task.make_scheduler(optimizer)
    loader = training_loader(data.train, data.schedule(), data.augment, start=0, workers=0, pin_memory=False)
    losses = []
    for batch in islice(loader, config.trainer.max_steps):
        optimizer.zero_grad()
        value = loss(embedder(batch.images.float().div_(255)), batch.identity)
        value.backward()
        optimizer.step()
        scheduler.step()
        losses.append(value.item())
    trained = encoder_of(Networks(embedder, None).ready(torch.device("cpu")))
    tested = build_inputs(config, build_data(config.data)).tested
    found = measure({"trained": trained}, tested, config, device=torch.device("cpu")).metrics["trained"]
    accuracy, auc = found["verification/accuracy"].value, found["verification/auc"].value
    return {"accuracy": accuracy, "auc": auc, "loss_of_the_last_100_steps": sum(losses[-100:]) / 100}


def main(choice: str, *seeds: str) -> None:
    if choice not in LOSSES:
        sys.exit(f"No choice {choice}; there are {', '.join(LOSSES)}.")
    for seed in seeds:
        found = lfw_after(LOSSES[choice], int(seed))
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results.setdefault(choice, {})[seed] = found
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        print(choice, seed, found, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
