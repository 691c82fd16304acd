"""Mining over all devices: two processes that share a batch do what one process does with the whole."""

import socket
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel

from likeness.losses import (
    AllSemiHardTripletLoss,
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    SemiHardTripletLoss,
)
from likeness.tasks.gather import gather_batch

WORLD = 2
LOSSES = {
    "batch-hard": BatchHardTripletLoss(),
    "semi-hard": SemiHardTripletLoss(),
    "all semi-hard": AllSemiHardTripletLoss(),
    "batch-all": BatchAllTripletLoss(),
}


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 8))


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    identity = torch.arange(8).repeat_interleave(4)
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(8, 20, generator=generator)
    return centres[identity] + torch.randn(32, 20, generator=generator), identity


def _rank(rank: int, port: int, folder: str) -> None:
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=WORLD)
    images, identity = (part.chunk(WORLD)[rank] for part in _batch())
    gradients = {}
    for name, loss in LOSSES.items():
        network = DistributedDataParallel(_network())
        embedding, everyone = gather_batch(nn.functional.normalize(network(images)), identity)
        (loss(embedding, everyone).loss * WORLD).backward()
        gradients[name] = [parameter.grad for parameter in network.parameters()]
    torch.save(gradients, Path(folder, f"{rank}.pt"))
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[torch.Tensor]]]:
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn(_rank, (port, str(folder)), nprocs=WORLD)
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


@pytest.mark.parametrize("name", LOSSES)
def test_two_processes_have_the_gradient_of_one(
    name: str, ranks: list[dict[str, list[torch.Tensor]]]
) -> None:
    images, identity = _batch()
    network = _network()
    loss = LOSSES[name](*gather_batch(nn.functional.normalize(network(images)), identity)).loss
    loss.backward()
    assert loss > 0
    for rank in ranks:
        for parameter, gradient in zip(network.parameters(), rank[name], strict=True):
            assert parameter.grad is not None
            error = (gradient - parameter.grad).norm() / parameter.grad.norm()
            assert error < 1e-5
