"""Mining over all devices: two processes that share a batch do what one process does with the whole."""

import socket
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from warm import call_in_ranks

from likeness.losses import (
    AllSemiHardTripletLoss,
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    SemiHardTripletLoss,
)
from likeness.losses.metric_learning import PmlLoss
from likeness.tasks.gather import gather_batch
from likeness.tasks.loss_terms import loss_and_metrics

WORLD = 2


class CentreLoss(nn.Module):
    """Squared distances to a centre of each identity, which is trained: a loss with weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(8, 8, generator=torch.Generator().manual_seed(2)))

    def forward(self, embedding: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        return (embedding - self.centres[identity]).square().sum(1).mean()


torch.manual_seed(3)  # each process draws the same class centres
LOSSES = {
    "batch-hard": BatchHardTripletLoss(),
    "semi-hard": SemiHardTripletLoss(),
    "all semi-hard": AllSemiHardTripletLoss(),
    "batch-all": BatchAllTripletLoss(),
    "centres": CentreLoss(),
    "ArcFace": PmlLoss("ArcFaceLoss", classes=8, embedding_dim=8),
}


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 8))


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    identity = torch.arange(8).repeat_interleave(4)
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(8, 20, generator=generator)
    return centres[identity] + torch.randn(32, 20, generator=generator), identity


class _Trained(nn.Module):
    """A network and a loss on its embeddings of the global batch, as a task trains the two."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.network, self.loss = _network(), deepcopy(loss)

    def forward(self, images: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        embedding, everyone = gather_batch(nn.functional.normalize(self.network(images)), identity)
        return loss_and_metrics(self.loss(embedding, everyone))[0]


def _rank(rank: int, port: int, folder: str) -> None:
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=WORLD)
    images, identity = (part.chunk(WORLD)[rank] for part in _batch())
    gradients = {}
    for name, loss in LOSSES.items():
        trained = DistributedDataParallel(_Trained(loss))
        trained(images, identity).backward()
        gradients[name] = [parameter.grad for parameter in trained.parameters()]
    torch.save(gradients, Path(folder, f"{rank}.pt"))
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[torch.Tensor]]]:
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    call_in_ranks(WORLD, _rank, port, str(folder))
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


@pytest.mark.parametrize("name", LOSSES)
def test_two_processes_have_the_gradient_of_one(
    name: str, ranks: list[dict[str, list[torch.Tensor]]]
) -> None:
    images, identity = _batch()
    trained = _Trained(LOSSES[name])
    loss = trained(images, identity)
    loss.backward()
    assert loss > 0
    assert len(list(trained.parameters())) == len(ranks[0][name]) == 4 + len(list(LOSSES[name].parameters()))
    for rank in ranks:
        for parameter, gradient in zip(trained.parameters(), rank[name], strict=True):
            assert parameter.grad is not None
            error = (gradient - parameter.grad).norm() / parameter.grad.norm()
            assert error < 1e-5
