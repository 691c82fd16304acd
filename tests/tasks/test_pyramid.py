"""What an optimizer knows of an image, carried over to the image's next size."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import LBFGS, Adam, Optimizer

from likeness.tasks.pyramid import carry_over

Objective = Callable[[Tensor], Tensor]


def smooth(side: int) -> Tensor:
    """An image that has the same content at every size."""
    y, x = torch.meshgrid(
        *(torch.linspace(0, 3, side + 1)[:-1] + 1.5 / side for _ in range(2)), indexing="ij"
    )
    return torch.stack([torch.sin(x + y), torch.cos(2 * x), torch.sin(y) * torch.cos(x)])[None] * 0.4 + 0.5


def blurred_distance(image: Tensor) -> Tensor:
    """An objective of poor condition that is a mean over positions: differences count more where they are coarse."""
    away = image - smooth(image.shape[-1])
    coarse = functional.avg_pool2d(away, image.shape[-1] // 8)
    return away.square().mean() + 30 * coarse.square().mean()


def descend(optimizer: Optimizer, image: nn.Parameter, steps: int) -> list[float]:
    losses = []

    def closure() -> float:
        optimizer.zero_grad()
        loss = blurred_distance(image)
        loss.backward()
        losses.append(loss.item())
        return losses[-1]

    for _ in range(steps):
        optimizer.step(closure)
    return losses


MAKERS: dict[str, Callable[[list[nn.Parameter]], Optimizer]] = {
    "adam": lambda parameters: Adam(parameters, lr=0.02),
    "lbfgs": lambda parameters: LBFGS(
        parameters, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0
    ),
}


@pytest.mark.parametrize(("name", "extreme"), [("adam", max), ("lbfgs", min)])
def test_an_optimizer_that_begins_anew_destroys_progress(
    name: str, extreme: Callable[[list[float]], float]
) -> None:
    """Adam first takes steps of full length, uphill; L-BFGS first creeps."""
    image = nn.Parameter(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    optimizer = MAKERS[name]([image])
    descend(optimizer, image, 150 if name == "adam" else 15)
    carry_over(optimizer, image, (64, 64))
    assert image.shape == (1, 3, 64, 64)
    anew = nn.Parameter(image.detach().clone())
    carried, restarted = descend(optimizer, image, 4), descend(MAKERS[name]([anew]), anew, 4)
    assert carried[0] == restarted[0]
    assert extreme(carried[1:]) < 0.6 * extreme(restarted[1:])


def test_the_state_of_adam_is_that_of_an_objective_that_is_a_mean() -> None:
    image = nn.Parameter(torch.full((1, 3, 16, 16), 0.25))
    optimizer = Adam([image], lr=0.0)
    descend(optimizer, image, 5)
    carry_over(optimizer, image, (32, 32))
    larger = nn.Parameter(torch.full((1, 3, 32, 32), 0.25))
    wanted = Adam([larger], lr=0.0)
    descend(wanted, larger, 5)
    for name in ("exp_avg", "exp_avg_sq"):
        carried, expected = optimizer.state[image][name], wanted.state[larger][name]
        assert (carried - expected).norm() < 0.15 * expected.norm(), name
    assert optimizer.state[image]["step"] == 5


def test_no_pair_of_lbfgs_is_made_of_gradients_of_two_sizes() -> None:
    image = nn.Parameter(torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)))
    optimizer = MAKERS["lbfgs"]([image])
    descend(optimizer, image, 6)
    carry_over(optimizer, image, (24, 24))
    state = optimizer.state[image]
    pairs = len(state["old_dirs"])
    assert pairs > 0
    for y, s, ro in zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True):
        assert y.shape == s.shape == (3 * 24 * 24,)
        torch.testing.assert_close(ro, 1 / y.dot(s))
    descend(optimizer, image, 1)
    assert (
        len(optimizer.state[image]["old_dirs"]) == pairs
    )  # the step after learns from two of one size again
    descend(optimizer, image, 1)
    assert len(optimizer.state[image]["old_dirs"]) == pairs + 1
