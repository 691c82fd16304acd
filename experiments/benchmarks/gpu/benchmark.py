"""Rewrites results.json: speed and memory on a GPU. `--small` tries all of it out, with small sizes and on any device.

PYTHONPATH=experiments/benchmarks python experiments/benchmarks/gpu/benchmark.py [--small] [SUBJECT ...]
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pytorch_metric_learning import distances, miners, reducers
from pytorch_metric_learning.losses import TripletMarginLoss
from timing import in_turns
from torch import Tensor, nn
from torch.nn import functional

from likeness import losses
from likeness.losses.margin_softmax import SampledCentres
from likeness.losses.style import GramStatistic, StyleObjective
from likeness.models.embedder import Embedder
from likeness.models.features.vgg import vgg_features
from likeness.models.iresnet import iresnet
from likeness.models.similarity import absolute_difference, chi_squared

OURS, PML = "likeness", "pytorch-metric-learning"
WIDTH, MARGIN, IMAGES = 512, 0.2, 4

Call = Callable[[], object]


class Machine:
    """A device, and whether only the code is tried out."""

    def __init__(self, *, small: bool) -> None:
        self.small = small
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if not small and self.device.type == "cpu":
            sys.exit("There is no CUDA device here: --small tries the code out without one.")

    def size(self, whole: int, small: int) -> int:
        """What is measured, or what is tried out."""
        return small if self.small else whole

    def wait(self) -> None:
        """Until all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds(self, calls: Mapping[str, Call], rounds: int) -> dict[str, float]:
        """Median seconds of each call, all in turn, after three of each."""
        waited = {name: self._waited(call) for name, call in calls.items()}
        for call in waited.values():
            for _ in range(3):
                call()
        measured = in_turns(waited, self.size(rounds, 2), time.perf_counter)
        return {name: statistics.median(each) for name, each in measured.items()}

    def gigabytes(self, call: Call) -> float | None:
        """The most that a call holds, beyond what was held before it; None without a CUDA device."""
        if self.device.type != "cuda":
            return None
        self.wait()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        self.wait()
        return (torch.cuda.max_memory_allocated() - before) / 1e9

    def _waited(self, call: Call) -> Call:
        def timed() -> None:
            call()
            self.wait()

        return timed


def images_a_second(machine: Machine) -> dict[str, float]:
    """A training step of IResNet-50 under ArcFace with 10,000 classes: 112 pixels, bfloat16, channels last, SGD.

    Beside insightface's published 1,175 images a second of an A100.
    """
    size, depth = machine.size(256, 2), 18 if machine.small else 50
    torch.manual_seed(0)
    backbone = iresnet(depth=depth, spatial_size=112, channels=3, mean=[0.5] * 3, std=[0.5] * 3)
    embedder = Embedder(backbone, embedding_dim=WIDTH, batch_norm=True).to(machine.device)
    embedder = embedder.to(memory_format=torch.channels_last)
    loss = losses.ArcFaceLoss(machine.size(10_000, 10), WIDTH).to(machine.device)
    optimizer = torch.optim.SGD([*embedder.parameters(), *loss.parameters()], lr=0.1, momentum=0.9)
    images = torch.rand(size, 3, 112, 112, device=machine.device).to(memory_format=torch.channels_last)
    identity = torch.randint(10, (size,), device=machine.device)

    def step_by(encode: Callable[[Tensor], Tensor]) -> Call:
        def step() -> None:
            with torch.autocast(machine.device.type, torch.bfloat16):
                embedding = encode(images)
            loss(embedding, identity).loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    calls = {"eager": step_by(embedder)}
    if not machine.small:
        calls["compiled"] = step_by(torch.compile(embedder))
    return {name: size / each for name, each in machine.seconds(calls, 20).items()}


def triplets(machine: Machine) -> list[dict[str, Any]]:
    """Forward and backward pass of the losses by both libraries, whose losses and gradients agree to 1e-3.

    Of the two that list B^3 / 4 triplets there, only ours is measured at full size.
    """
    squared, plain = (distances.LpDistance(normalize_embeddings=False, p=2, power=power) for power in (2, 1))
    both: dict[str, tuple[nn.Module, TripletMarginLoss, Any]] = {
        "batch-hard": (
            losses.BatchHardTripletLoss(MARGIN, "plain"),
            TripletMarginLoss(MARGIN, distance=plain, reducer=reducers.MeanReducer()),
            miners.BatchHardMiner(distance=plain),
        ),
        "all semi-hard": (
            losses.AllSemiHardTripletLoss(MARGIN, "squared"),
            TripletMarginLoss(MARGIN, distance=squared),
            miners.TripletMarginMiner(MARGIN, "semihard", distance=squared),
        ),
        "batch-all": (
            losses.BatchAllTripletLoss(MARGIN, "squared"),
            TripletMarginLoss(MARGIN, distance=squared),
            None,
        ),
    }
    rows = []
    for size in (64, 128) if machine.small else (4096, 16_384):
        for name, (ours, theirs, miner) in both.items():
            embedding, identity = _embeddings(size, machine.device)
            calls = {OURS: _stepped(embedding, lambda x, f=ours, y=identity: f(x, y).loss)}
            if name == "batch-hard" or machine.small:
                calls[PML] = _stepped(
                    embedding, lambda x, f=theirs, m=miner, y=identity: f(x, y, m(x, y) if m else None)
                )
                ours_found, theirs_found = (call() for call in calls.values())
                for one, other in zip(ours_found, theirs_found, strict=True):
                    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
            rows.append(
                {
                    "loss": name,
                    "size": size,
                    "seconds": machine.seconds(calls, 10),
                    "gigabytes": {of: machine.gigabytes(call) for of, call in calls.items()},
                }
            )
    return rows


def heads(machine: Machine) -> dict[str, Any]:
    """Scores of all pairs by each head, and their gradient, and the most that it holds."""
    rows = {}
    for name, head in (("l1", absolute_difference), ("chi_squared", chi_squared)):
        made = head(WIDTH).to(machine.device)
        embedding = _embeddings(machine.size(4096, 64), machine.device)[0].abs()
        call = _stepped(embedding, lambda x, head=made: head(x, x).sum())
        rows[name] = {
            "seconds": machine.seconds({OURS: call}, 10)[OURS],
            "gigabytes": machine.gigabytes(call),
        }
    return rows


def softmax(machine: Machine) -> dict[str, Any]:
    """A step of ArcFace over a million classes, all of them and a tenth sampled, with the update of the centres."""
    classes = machine.size(1_000_000, 100)
    rows = {}
    for sampled in (1.0, 0.1):
        loss = losses.ArcFaceLoss(classes, WIDTH, sampled=sampled).to(machine.device)
        embedding, _ = _embeddings(64, machine.device)
        identity = torch.randint(classes, (64,), device=machine.device)

        def step(loss: nn.Module = loss, embedding: Tensor = embedding, identity: Tensor = identity) -> None:
            loss.zero_grad()
            loss(embedding.requires_grad_(), identity).loss.backward()
            if isinstance(loss.centres, SampledCentres):
                loss.centres.update(1e-6)

        rows[f"{sampled:.0%}"] = {
            "seconds": machine.seconds({OURS: step}, 10)[OURS],
            "gigabytes": machine.gigabytes(step),
        }
    return rows


def style(machine: Machine) -> dict[str, Any]:
    """An evaluation of Gatys's objective by VGG-19 and its gradient by the image; weights decide no time."""
    content, layers = "relu4_2", [f"relu{number}_1" for number in range(1, 6)]
    network = vgg_features(
        name="vgg19",
        weights=None,
        pooling="avg",
        average_scale=1.0,
        padding_mode="zeros",
        channel_order="rgb",
        mean=[0.485, 0.456, 0.406],
        std=[0.229, 0.224, 0.225],
        layers=[*layers, content],
    ).to(machine.device)
    objective = StyleObjective(
        {content: 1.0}, dict.fromkeys(layers, 1.0), 1.0, 1e6, 0.0, GramStatistic("chw")
    )
    rows = {}
    for side in (32, 64) if machine.small else (512, 1024):
        first, second = (torch.rand(1, 3, side, side, device=machine.device) for _ in range(2))
        with torch.no_grad():
            targets = objective.targets(network(first), [network(second)], [1.0], [None])
        image = first.clone().requires_grad_()

        def step(image: Tensor = image, targets: Any = targets) -> None:
            image.grad = None
            objective(image, network(image), targets).total.backward()

        rows[str(side)] = {
            "seconds": machine.seconds({OURS: step}, 10)[OURS],
            "gigabytes": machine.gigabytes(step),
        }
    return rows


def _embeddings(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(size)
    identity = torch.arange(size // IMAGES).repeat_interleave(IMAGES)
    centre = torch.randn(size // IMAGES, WIDTH, generator=draw)[identity]
    embedding = functional.normalize(centre + torch.randn(size, WIDTH, generator=draw))
    return embedding.to(device), identity.to(device)


def _stepped(embedding: Tensor, value: Callable[[Tensor], Tensor]) -> Callable[[], tuple[Tensor, Tensor]]:
    leaf = embedding.clone().requires_grad_()

    def step() -> tuple[Tensor, Tensor]:
        leaf.grad = None
        found = value(leaf)
        found.backward()
        assert leaf.grad is not None
        return found.detach(), leaf.grad

    return step


SUBJECTS = {one.__name__: one for one in (images_a_second, triplets, heads, softmax, style)}


def main(words: list[str]) -> None:
    """Measure the subjects that are named, or all."""
    machine = Machine(small="--small" in words)
    path = Path(__file__).parent / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name in [word for word in words if word in SUBJECTS] or SUBJECTS:
        results[name] = SUBJECTS[name](machine)
        print(name, json.dumps(results[name]), flush=True)
    if machine.small:
        return
    results["machine"] = {
        "gpu": torch.cuda.get_device_name(),
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "pytorch-metric-learning")},
    }
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
