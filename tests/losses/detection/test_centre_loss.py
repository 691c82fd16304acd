"""Centre loss: the equations of Wen et al. 2016 against loops in float64."""

import pytest
import torch
from torch import Tensor

from likeness.losses.detection import CentreLoss, centre_loss, moved_centres

LABELS = torch.tensor([0, 2, 2, 0, 2])


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_is_half_the_mean_square_distance_to_the_centre_of_the_class() -> None:
    features, centres = normal(0, 5, 3).requires_grad_(), normal(1, 3, 3).requires_grad_()
    expected = sum(
        sum((x - c) ** 2 for x, c in zip(row, centres.tolist()[label], strict=True)) / 2
        for row, label in zip(features.tolist(), LABELS.tolist(), strict=True)
    )
    loss = centre_loss(features, LABELS, centres)
    assert float(loss.detach()) == pytest.approx(expected / 5, rel=1e-12)
    pull, none = torch.autograd.grad(loss, (features, centres), allow_unused=True)
    # Equation 3: the gradient is x_i - c_{y_i}; of the mean, a fifth of it.
    torch.testing.assert_close(pull, (features - centres[LABELS]).detach() / 5)
    assert none is None


def test_the_module_answers_by_the_centres_before_its_step_and_moves_them_in_training_alone() -> None:
    loss = CentreLoss(3, classes=3)
    features = normal(0, 5, 3).float().requires_grad_()
    first = loss(features, LABELS)
    assert float(first.detach()) == pytest.approx(float(features.detach().square().sum()) / 10, rel=1e-6)
    assert torch.equal(loss.centres, moved_centres(features, LABELS, torch.zeros(3, 3)))
    first.backward()  # the centres have moved in place since: the gradient is still that of the old ones
    assert features.grad is not None
    torch.testing.assert_close(features.grad, features.detach() / 5)
    kept = loss.eval().centres.clone()
    loss(features, LABELS)
    assert torch.equal(loss.centres, kept)
    assert list(loss.state_dict()) == ["centres"]
    assert not list(loss.parameters())


def test_half_precision_is_computed_in_float32_and_no_samples_cost_nothing() -> None:
    module = CentreLoss(3)
    with torch.autocast("cpu", torch.bfloat16):
        loss = module(normal(0, 5, 3).bfloat16(), LABELS.clamp(max=1))
    assert loss.dtype == module.centres.dtype == torch.float32
    before = module.centres.clone()
    none = torch.zeros(0, 3, requires_grad=True)
    empty = module(none, torch.zeros(0, dtype=torch.int64))
    empty.backward()
    assert float(empty.detach()) == 0
    assert none.grad is not None
    assert torch.equal(module.centres, before)
