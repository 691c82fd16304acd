"""Any optimizer and schedule by its name: it trains, and goes on from a checkpoint to the same bits."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from likeness.config.schema.optimization import TimmOptimizer, TorchOptimizer, TorchScheduler
from likeness.models.tensor_file import read_tensors
from likeness.tasks.optimizers.groups import parameter_groups
from likeness.tasks.optimizers.named import timm_optimizer, torch_optimizer, torch_scheduler
from likeness.tasks.optimizers.warm_up import WarmUp

MADE = {TorchOptimizer: torch_optimizer, TimmOptimizer: timm_optimizer}
OPTIMIZERS = [
    (node, name)
    for node in MADE
    for name in sorted(node.known())
    if name not in node.unfit and name != "Muon"
]
SCHEDULES: dict[str, dict[str, Any]] = {
    "ConstantLR": {},
    "CosineAnnealingLR": {"T_max": 8, "eta_min": 1e-4},
    "CosineAnnealingWarmRestarts": {"T_0": 3},
    "CyclicLR": {"base_lr": 1e-4, "max_lr": 0.01, "step_size_up": 3, "cycle_momentum": False},
    "ExponentialLR": {"gamma": 0.9},
    "LinearLR": {},
    "MultiStepLR": {"milestones": [2, 5], "gamma": 0.5},
    "OneCycleLR": {"max_lr": 0.02, "total_steps": 9, "cycle_momentum": False},
    "PolynomialLR": {"total_iters": 8},
    "StepLR": {"step_size": 2},
}


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4))


def train(
    net: nn.Module, optimizer: Optimizer, schedule: LRScheduler | None, first: int, last: int
) -> list[float]:
    """Steps from `first` to `last`, each on numbers of its own; the rates at each."""
    rates = []
    for step in range(first, last):
        torch.manual_seed(step)

        def loss() -> Tensor:
            optimizer.zero_grad()
            images, wanted = torch.rand(6, 1, 6, 6), torch.rand(6, 4)
            value = (net(images) - wanted).square().mean()
            value.backward()
            return value

        rates.append(optimizer.param_groups[-1]["lr"])
        optimizer.step(loss)
        if schedule is not None:
            schedule.step()
    return rates


def kept(path: Path, *parts: Any) -> list[Any]:
    """The states as a checkpoint keeps them."""
    torch.save([part.state_dict() for part in parts], path)
    return list(read_tensors(path))


def bits(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.tolist()
    if isinstance(state, dict):
        return {key: bits(value) for key, value in state.items()}
    return [bits(one) for one in state] if isinstance(state, list | tuple) else state


@pytest.mark.parametrize(
    ("node", "name"), OPTIMIZERS, ids=lambda one: one if isinstance(one, str) else one.__name__
)
def test_an_optimizer_trains_and_goes_on_to_the_same_bits(node: type, name: str, tmp_path: Path) -> None:
    def begun() -> tuple[nn.Module, Optimizer]:
        net = network()
        groups = parameter_groups(net, lr=0.01, weight_decay=0.01, decay_norms=False)
        return net, MADE[node](groups, name=name, lr=0.01)

    whole, optimizer = begun()
    train(whole, optimizer, None, 0, 6)
    assert not torch.equal(whole[0].weight, network()[0].weight)
    cut, before = begun()
    train(cut, before, None, 0, 3)
    weights, state = kept(tmp_path / "c", cut, before)
    again, after = begun()
    again.load_state_dict(weights)
    after.load_state_dict(state)
    train(again, after, None, 3, 6)
    assert bits(again.state_dict()) == bits(whole.state_dict())
    assert bits(after.state_dict()) == bits(optimizer.state_dict())


@pytest.mark.parametrize("warmup", [0, 4])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_goes_on_to_the_same_rates(name: str, warmup: int, tmp_path: Path) -> None:
    def begun() -> tuple[nn.Module, Optimizer, LRScheduler]:
        net = network()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        schedule = torch_scheduler(optimizer, name=name, **SCHEDULES[name])
        return net, optimizer, WarmUp(schedule, warmup) if warmup else schedule

    rates = train(*begun(), 0, 8)
    parts = begun()
    first = train(*parts, 0, 3)
    states = kept(tmp_path / "c", *parts)
    again = begun()
    for part, state in zip(again, states, strict=True):
        part.load_state_dict(state)
    assert first + train(*again, 3, 8) == rates
    plain = torch.optim.SGD(network().parameters(), lr=0.01)
    alone = train(network(), plain, torch_scheduler(plain, name=name, **SCHEDULES[name]), 0, 8)
    assert rates == pytest.approx(
        [rate * min(1, (t + 1) / (warmup + 1)) for t, rate in enumerate(alone)], rel=1e-12
    )


def test_the_schedules_are_all_of_torch_that_go_by_steps() -> None:
    known = {
        name
        for name, found in vars(torch.optim.lr_scheduler).items()
        if isinstance(found, type) and issubclass(found, LRScheduler) and not name.startswith("_")
    }
    assert known == set(SCHEDULES) | set(TorchScheduler.unfit)


def test_a_warm_up_follows_the_formula() -> None:
    optimizer = torch.optim.SGD(network().parameters(), lr=0.1)
    schedule = WarmUp(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8), 3)
    rates = train(network(), optimizer, schedule, 0, 9)
    cosine = [0.05 * (1 + math.cos(math.pi * t / 8)) for t in range(9)]
    assert rates == pytest.approx([rate * min(1, (t + 1) / 4) for t, rate in enumerate(cosine)], abs=1e-12)
