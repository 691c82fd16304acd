"""Margin softmax losses: against pytorch-metric-learning and the papers' formulas, all centres and samples of them."""

import math
from typing import Any

import pytest
import torch
from pytorch_metric_learning import losses as peer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize
from torch.utils._python_dispatch import TorchDispatchMode

from likeness.losses import AdaFaceLoss, ArcFaceLoss, CosFaceLoss, MarginSoftmaxLoss
from likeness.losses.margin_softmax import SampledCentres

B, C, D = 32, 50, 16
PEERS: dict[type[MarginSoftmaxLoss], type[nn.Module]] = {
    ArcFaceLoss: peer.ArcFaceLoss,
    CosFaceLoss: peer.CosFaceLoss,
}


def batch(centres: Tensor) -> tuple[Tensor, Tensor]:
    """Embeddings of many lengths; the first few point away from their own centres, the next few to them."""
    draw = torch.Generator().manual_seed(1)
    embedding = torch.randn(B, D, dtype=centres.dtype, generator=draw) * torch.linspace(0.1, 30, B)[:, None]
    identity = torch.randint(C, (B,), generator=draw)
    embedding[:4] = 0.1 * embedding[:4] - centres.detach()[identity[:4]]
    embedding[4:8] = 0.1 * embedding[4:8] + centres.detach()[identity[4:8]]
    return embedding.requires_grad_(), identity


def stepped(loss: MarginSoftmaxLoss) -> tuple[Tensor, Tensor, Tensor]:
    """The loss of a batch, and its gradients by embeddings and centres."""
    embedding, identity = batch(loss.centres.table)
    value = loss(embedding, identity).loss
    value.backward()
    assert embedding.grad is not None
    assert loss.centres.table.grad is not None
    return value.detach(), embedding.grad, loss.centres.table.grad


@pytest.mark.parametrize("scale", [4.0, 64.0])
@pytest.mark.parametrize("kind", PEERS)
def test_loss_and_gradients_are_those_of_pytorch_metric_learning(
    kind: type[MarginSoftmaxLoss], scale: float
) -> None:
    torch.manual_seed(0)
    loss, other = kind(C, D, scale=scale).double(), PEERS[kind](C, D, scale=scale).double()
    table = loss.centres.table
    other.W.data = table.detach().T.clone()
    embedding, identity = batch(table)
    cosine = (normalize(embedding) * normalize(table)[identity]).sum(1)
    assert cosine.min() < -math.cos(math.radians(28.6))  # where ArcFace's margin would pass pi
    expected = other(embedding, identity)
    expected.backward()
    value, by_embedding, by_centres = stepped(loss)
    assert embedding.grad is not None
    for found, known in (
        (value, expected),
        (by_embedding, embedding.grad),
        (by_centres, other.W.grad.T),
    ):
        assert (found - known).norm() <= 1e-12 * known.norm()


def test_adaface_is_the_paper_s() -> None:
    torch.manual_seed(0)
    loss = AdaFaceLoss(C, D).double()
    loss.mean.fill_(20)
    loss.deviation.fill_(8)
    embedding, identity = batch(loss.centres.table)
    table = loss.centres.table.detach().clone().requires_grad_()
    length = embedding.detach().norm(dim=1).clamp(1e-3, 100)
    mean, deviation = 0.99 * 20 + 0.01 * length.mean(), 0.99 * 8 + 0.01 * length.std()
    quality = (0.333 * (length - mean) / (deviation + 1e-3)).clamp(-1, 1)
    assert quality.min() < -0.5 < 0.3 < quality.max()
    cosine = linear(normalize(embedding), normalize(table))
    own = torch.arange(B), identity
    angle = (cosine[own].acos() - 0.4 * quality).clamp(1e-3, math.pi - 1e-3)
    logits = cosine.clone()
    logits[own] = angle.cos() - (0.4 + 0.4 * quality)
    expected = cross_entropy(64 * logits, identity)
    expected.backward()
    value, by_embedding, by_centres = stepped(loss)
    assert embedding.grad is not None
    assert table.grad is not None
    assert torch.allclose(value, expected, rtol=1e-12)
    assert torch.allclose(by_embedding, embedding.grad, rtol=1e-9, atol=1e-12)
    assert torch.allclose(by_centres, table.grad, rtol=1e-9, atol=1e-12)
    assert torch.allclose(torch.stack([loss.mean, loss.deviation]), torch.stack([mean, deviation]))
    state = loss.state_dict()
    loss.eval()(embedding, identity)
    assert torch.equal(loss.mean, state["mean"])


@pytest.mark.parametrize("kind", [ArcFaceLoss, CosFaceLoss, AdaFaceLoss])
def test_an_embedding_on_its_centre_and_one_of_length_0_have_finite_gradients(
    kind: type[MarginSoftmaxLoss],
) -> None:
    torch.manual_seed(0)
    loss = kind(C, D)
    centres = loss.centres.table.detach()
    embedding = torch.stack([centres[0], -centres[1], torch.zeros(D)]).requires_grad_()
    loss(embedding, torch.arange(3)).loss.backward()
    assert embedding.grad is not None
    assert embedding.grad.isfinite().all()
    assert loss.centres.table.grad is not None
    assert loss.centres.table.grad.isfinite().all()


def sampling(kind: type[MarginSoftmaxLoss] = ArcFaceLoss, **more: Any) -> tuple[Any, SampledCentres]:
    torch.manual_seed(0)
    loss = kind(C, D, sampled=0.6, **more).double()
    assert isinstance(loss.centres, SampledCentres)
    return loss, loss.centres


def test_a_sample_is_a_softmax_over_the_classes_that_were_drawn() -> None:
    loss, centres = sampling()
    embedding, identity = batch(centres.table)
    torch.manual_seed(3)
    value = loss(embedding, identity).loss
    ((chosen, rows),) = centres._waiting
    assert len(chosen) == 30
    assert set(identity.tolist()) <= set(chosen.tolist())
    assert chosen.diff().min() > 0
    full = ArcFaceLoss(30, D).double()
    full.centres.table.data = centres.table[chosen].clone()
    expected = full(embedding, torch.searchsorted(chosen, identity)).loss
    assert torch.equal(value, expected)
    value.backward()
    expected.backward()
    assert torch.equal(rows.grad, full.centres.table.grad)  # type: ignore[arg-type]


def test_a_sample_is_drawn_by_the_seed_and_every_class_is_drawn_as_often() -> None:
    _, centres = sampling()
    _, identity = batch(centres.table)
    drawn = []
    for seed in (0, 1, 0):
        torch.manual_seed(seed)
        drawn.append(centres._drawn(identity))
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])
    one = torch.tensor([7])
    times = torch.zeros(C)
    for _ in range(1000):
        times[centres._drawn(one)] += 1
    assert times[7] == 1000
    others = torch.cat([times[:7], times[8:]])  # 29 of 49 at each draw: binomial, deviation 15.6
    assert others.sum() == 29 * 1000
    assert (others - 29000 / 49).abs().max() < 5 * 15.6


def test_a_batch_of_more_classes_than_are_sampled_has_them_all() -> None:
    torch.manual_seed(0)
    loss = ArcFaceLoss(C, D, sampled=0.1)
    loss(torch.randn(B, D), torch.arange(B)).loss.backward()


def test_sampled_rows_are_updated_by_their_own_second_moments_and_no_others() -> None:
    loss, centres = sampling()
    table = centres.table.detach().clone()
    moment, updates = torch.zeros(C, dtype=torch.float64), [0] * C
    embedding, identity = batch(centres.table)
    for step in range(4):
        batches = 1 + step % 2  # gradients of two batches are added up
        for part in range(batches):
            torch.manual_seed(10 * step + part)
            loss(embedding, identity).loss.backward()
        taken: dict[int, Tensor] = {}
        for chosen, rows in centres._waiting:
            for row, gradient in zip(chosen.tolist(), rows.grad, strict=True):
                taken[row] = taken.get(row, torch.zeros(D)) + gradient
        centres.update(0.1)
        for row, gradient in taken.items():
            updates[row] += 1
            moment[row] = 0.999 * moment[row] + 0.001 * gradient.square().mean()
            corrected = moment[row] / (1 - 0.999 ** updates[row])
            table[row] -= 0.1 * gradient / (corrected.sqrt() + 1e-8)
        assert 0 < len(taken) < C
        assert torch.allclose(centres.table, table, rtol=1e-6)
    assert centres.updates.tolist() == updates
    assert len(set(updates)) > 2


def test_in_evaluation_nothing_is_sampled() -> None:
    loss, centres = sampling()
    embedding, identity = batch(centres.table)
    full = ArcFaceLoss(C, D).double()
    full.centres.table.data = centres.table.data
    with torch.no_grad():
        assert torch.equal(loss(embedding, identity).loss, full(embedding, identity).loss)
    assert not centres._waiting


class Largest(TorchDispatchMode):
    """The largest tensor that was made."""

    numbers = 0

    def __torch_dispatch__(self, called: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = called(*args, **(kwargs or {}))
        known = {each.untyped_storage().data_ptr() for each in args if isinstance(each, Tensor)}
        for each in given if isinstance(given, tuple | list) else [given]:
            if isinstance(each, Tensor) and each.untyped_storage().data_ptr() not in known:
                self.numbers = max(self.numbers, each.numel())
        return given


def test_a_step_with_sampled_centres_makes_nothing_as_large_as_their_table() -> None:
    """What lets a million identities be trained in little more than their centres take."""
    classes, width, size = 20_000, 64, 16
    loss = ArcFaceLoss(classes, width, sampled=0.1)
    assert isinstance(loss.centres, SampledCentres)
    embedding = torch.randn(size, width, requires_grad=True)
    with Largest() as largest:
        loss(embedding, torch.arange(size)).loss.backward()
        loss.centres.update(0.1)
    assert largest.numbers == 0.1 * classes * width
    state = [value for name, value in loss.state_dict().items() if not name.endswith("table")]
    assert sum(value.numel() for value in state) == 2 * classes


def test_an_identity_without_a_centre_is_refused() -> None:
    with pytest.raises(ValueError, match="identity must be 0 to 49, not 3 to 50"):
        ArcFaceLoss(C, D)(torch.randn(2, D), torch.tensor([3, 50]))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"margin": -1}, "margin must be at least 0"),
        ({"scale": 0}, "scale and rate above 0"),
        ({"sampled": 0}, "sampled must be above 0 and at most 1, not 0"),
        ({"spread": 0}, "spread must be above 0, not 0"),
    ],
)
def test_a_number_without_a_meaning_is_refused(values: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AdaFaceLoss(C, D, **values)
