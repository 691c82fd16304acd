"""How the recipes of ecg5000 and faces_ucr were chosen: folds of the training half, classified by their nearest.

    python experiments/ecg5000/folds.py ECG5000 DATA      # or FacesUCR; DATA is the unpacked data pack

Prints the error of the nearest neighbour of each variant over five stratified folds. The test half isn't read.
"""

import sys
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn
from torch.nn import functional

from likeness.losses.triplet import batch_hard_triplet_loss
from likeness.models.fcn import fcn

WIDTH, DIMENSIONS, EVEN, OF_EACH, RATE, SCALE, SHARE = 64, 128, 32, 4, 2e-3, 16, 0.2


class Variant(NamedTuple):
    """What is varied; `balanced` batches have four series of each class, others are drawn evenly."""

    loss: Literal["triplets", "cosines", "linear"]
    steps: int
    balanced: bool = False
    shift: bool = False
    noise: bool = False
    margin: float = 0.0
    projected: bool = False


AUGMENTED = {"shift": True, "noise": True}
VARIANTS = {
    "ECG5000": [
        Variant("triplets", 400, balanced=True, **AUGMENTED),
        Variant("cosines", 400, balanced=True),
        Variant("cosines", 1500, balanced=True),
        Variant("cosines", 400),
        Variant("cosines", 1500),
        Variant("cosines", 400, **AUGMENTED),
        Variant("cosines", 1500, margin=0.2, **AUGMENTED),
        Variant("linear", 400),
    ],
    "FacesUCR": [
        Variant("triplets", 400, balanced=True, **AUGMENTED),
        Variant("triplets", 400, balanced=True, projected=True, **AUGMENTED),
        Variant("triplets", 600, balanced=True, projected=True, shift=True),
        Variant("triplets", 1200, balanced=True, projected=True, **AUGMENTED),
        Variant("cosines", 400),
        Variant("cosines", 400, **AUGMENTED),
        Variant("cosines", 600, balanced=True, **AUGMENTED),
        Variant("cosines", 1200, margin=0.2, **AUGMENTED),
        Variant("linear", 400),
    ],
}


def main(name: str, data: Path) -> None:
    torch.set_num_threads(1)
    stored = np.load(data / "signals" / f"ucr-{name}.npz")
    series = torch.tensor(stored["train_series"])
    label = torch.tensor(stored["train_label"].astype(int) - 1)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(series, label))
    for variant in VARIANTS[name]:
        wrong = np.zeros(2)
        for number, (learned, asked) in enumerate(folds):
            wrong += errors(variant, series, label, torch.tensor(learned), torch.tensor(asked), number)
        raw, embedded = wrong / len(label)
        print(f"{variant}: {embedded:.3f}, by the series themselves {raw:.3f}", flush=True)


def errors(
    variant: Variant, series: Tensor, label: Tensor, learned: Tensor, asked: Tensor, seed: int
) -> list[int]:
    """How many of the series `asked` have a nearest of another class: as they are, and in a trained embedding."""
    classes, length = int(label.max()) + 1, series.shape[1]
    draw = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = fcn(width=WIDTH, spatial_size=[length], channels=1, mean=[0.0], std=[1.0])
    embed, dimensions = nn.Sequential(network), WIDTH
    if variant.projected:
        dimensions = DIMENSIONS
        embed.extend([nn.Linear(WIDTH, dimensions), nn.BatchNorm1d(dimensions)])
    centres, linear = nn.Parameter(torch.randn(classes, dimensions)), nn.Linear(dimensions, classes)
    trained = [*embed.parameters(), centres, *linear.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=variant.steps)
    for _ in range(variant.steps):
        rows = drawn(variant, learned, label, classes, draw)
        embedding, identity = embed(augmented(variant, series[rows], draw)[:, None]), label[rows]
        if variant.loss == "triplets":
            loss = batch_hard_triplet_loss(functional.normalize(embedding), identity, distance="plain").loss
        elif variant.loss == "linear":
            loss = functional.cross_entropy(linear(embedding), identity)
        else:
            cosines = functional.normalize(embedding) @ functional.normalize(centres).T
            cosines = cosines - variant.margin * functional.one_hot(identity, classes)
            loss = functional.cross_entropy(SCALE * cosines, identity)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    embed.eval()
    with torch.no_grad():
        embedding = functional.normalize(embed(series[:, None]))
    return [
        int((label[learned][torch.cdist(values[asked], values[learned]).argmin(1)] != label[asked]).sum())
        for values in (series, embedding)
    ]


def drawn(variant: Variant, learned: Tensor, label: Tensor, classes: int, draw: torch.Generator) -> Tensor:
    """The rows of a batch."""
    if not variant.balanced:
        return learned[torch.randperm(len(learned), generator=draw)[:EVEN]]
    members = [learned[label[learned] == one] for one in range(classes)]
    return torch.cat(
        [one[torch.randint(len(one), (OF_EACH,), generator=draw)] for one in members if len(one) > 1]
    )


def augmented(variant: Variant, series: Tensor, draw: torch.Generator) -> Tensor:
    """Series shifted by up to a tenth of their length, and with noise of up to a fifth of their deviation."""
    if variant.shift:
        most = series.shape[1] // 10
        shifts = torch.randint(-most, most + 1, (len(series),), generator=draw).tolist()
        series = torch.stack([torch.roll(one, shift) for one, shift in zip(series, shifts, strict=True)])
    if variant.noise:
        share = SHARE * torch.rand(len(series), 1, generator=draw)
        series = series + share * torch.randn(series.shape, generator=draw)
    return series


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
