"""Class centres split over two processes: trained as on one device, and whole in what is saved."""

import socket
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed, nn
from torch.multiprocessing import start_processes
from torch.nn.parallel import DistributedDataParallel

from likeness.losses import AdaFaceLoss, ArcFaceLoss, CosFaceLoss, MarginSoftmaxLoss
from likeness.losses.margin_softmax import SampledCentres
from likeness.tasks.gather import gather_batch, share_buffers
from likeness.tasks.shards import clip_with_shares, gradient_norm, load_shares, split_over_ranks, whole_state

WORLD, CLASSES, WIDTH, CLIPPED = 2, 15, 8, 2.0  # shares of 7 and 8 centres
LOSSES: dict[str, tuple[type[MarginSoftmaxLoss], dict[str, float]]] = {
    "arcface": (ArcFaceLoss, {}),
    "cosface, sampled": (CosFaceLoss, {"sampled": 0.5}),
    "adaface, sampled": (AdaFaceLoss, {"sampled": 0.6}),
}


class Trained(nn.Module):
    """A network and a loss on its embeddings of the global batch, trained as a task trains the two."""

    def __init__(self, name: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(20, 16), nn.Tanh(), nn.Linear(16, WIDTH))
        kind, more = LOSSES[name]
        self.loss = kind(CLASSES, WIDTH, scale=16, **more)
        split_over_ranks(self)
        self.parallel = [DistributedDataParallel(self)] if distributed.is_initialized() else [self]
        self.optimizer = torch.optim.AdamW(
            [each for each in self.parameters() if each.requires_grad], lr=0.01
        )
        load_shares(self.optimizer, self)
        self.norms: list[float] = []

    def forward(self, images: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        embedding, everyone = gather_batch(self.network(images), identity)
        value: torch.Tensor = self.loss(embedding, everyone).loss
        return value

    def step(self, number: int) -> float:
        draw = torch.Generator().manual_seed(number)
        images, identity = torch.randn(12, 20, generator=draw), torch.randint(CLASSES, (12,), generator=draw)
        if distributed.is_initialized():
            images, identity = (part.chunk(WORLD)[distributed.get_rank()] for part in (images, identity))
        self.optimizer.zero_grad()
        torch.manual_seed(
            number if not distributed.is_initialized() else number + 1000 * distributed.get_rank()
        )
        value: torch.Tensor = self.parallel[0](images, identity)
        value.backward()
        parameters = [each for group in self.optimizer.param_groups for each in group["params"]]
        self.norms.append(float(gradient_norm(self, parameters)))
        if not clip_with_shares(self, parameters, CLIPPED):
            norm = nn.utils.clip_grad_norm_(parameters, CLIPPED)
            assert norm > CLIPPED  # that it clips is a part of what is compared
        self.optimizer.step()
        if isinstance(self.loss.centres, SampledCentres):
            self.loss.centres.update(0.01)
        return value.item()


def begin(name: str, after: tuple[dict[str, Any], dict[str, Any]] | None = None) -> Trained:
    trained = Trained(name)
    if after is not None:
        trained.load_state_dict(after[0])
        trained.optimizer.load_state_dict(
            deepcopy(after[1])
        )  # it keeps what it is given, and goes on with it
    return trained


def train(name: str) -> dict[str, Any]:
    """Four steps; what is saved after two of them and after all, and after all by one that began at the second."""
    trained = begin(name)
    losses = [trained.step(number) for number in (1, 2)]
    middle = copied(whole_state(trained, trained.optimizer))
    losses += [trained.step(number) for number in (3, 4)]
    share_buffers(trained)
    return {
        "losses": losses,
        "norms": trained.norms,
        "middle": middle,
        "end": copied(whole_state(trained, trained.optimizer)),
    }


def copied(state: tuple[dict[str, Any], dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy that later steps leave alone."""
    weights, optimizer = state
    return [
        {name: value.clone() for name, value in weights.items()},
        {
            **optimizer,
            "state": {
                place: {name: value.clone() for name, value in moments.items()}
                for place, moments in optimizer["state"].items()
            },
        },
    ]


def _rank(rank: int, port: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=WORLD)
    found = {}
    for name in LOSSES:
        found[name] = train(name)
        middle: list[Any] = [found[name]["middle"]]
        distributed.broadcast_object_list(middle, src=0)  # as all ranks read one checkpoint
        resumed = begin(name, tuple(middle[0]))
        for number in (3, 4):
            resumed.step(number)
        found[name]["resumed"] = copied(whole_state(resumed, resumed.optimizer))
        found[name]["held"] = len(resumed.loss.centres.table)
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start_processes(_rank, (port, folder), nprocs=WORLD, start_method="fork")  # of what is imported already
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


def assert_same(one: Any, other: Any, exactly: bool) -> None:
    """Nested containers have the same keys, and tensors that are equal, to the bit or but for rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key], exactly)
    elif isinstance(one, list):
        for each, known in zip(one, other, strict=True):
            assert_same(each, known, exactly)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other) if exactly else torch.allclose(one, other, rtol=1e-3, atol=1e-5)
    else:
        assert one == other


@pytest.mark.parametrize("name", LOSSES)
def test_two_processes_train_as_one_does_and_save_what_it_saves(
    name: str, ranks: list[dict[str, dict[str, Any]]]
) -> None:
    alone, first = train(name), ranks[0][name]
    assert [rank[name]["held"] for rank in ranks] == [7, 8]
    for rank in ranks:
        assert rank[name]["losses"] == pytest.approx(alone["losses"], rel=1e-5)
        assert rank[name]["norms"] == pytest.approx(alone["norms"], rel=1e-4)
    assert first["end"][0]["loss.centres.table"].shape == (CLASSES, WIDTH)
    moments = [moment["exp_avg"].shape for moment in first["end"][1]["state"].values()]
    assert ((CLASSES, WIDTH) in moments) is (name == "arcface")
    assert_same(first["end"], alone["end"], exactly=False)


@pytest.mark.parametrize("name", LOSSES)
def test_what_was_saved_goes_on_to_the_same_bits_on_two_and_on_one(
    name: str, ranks: list[dict[str, dict[str, Any]]]
) -> None:
    first = ranks[0][name]
    assert_same(first["resumed"], first["end"], exactly=True)
    alone = begin(name, tuple(first["middle"]))
    for number in (3, 4):
        alone.step(number)
    assert_same(copied(whole_state(alone, alone.optimizer)), first["end"], exactly=False)
