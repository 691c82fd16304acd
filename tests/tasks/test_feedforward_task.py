"""The feed-forward task: its loss against Johnson et al.'s, and a short training by Lightning."""

from functools import partial
from pathlib import Path

import pytest
import torch
from small_features import fitted, random_images, small_features
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from likeness.data.style.batch import CropBatch
from likeness.losses.style import GramStatistic, StyleObjective
from likeness.models.stylizers import transformer_net
from likeness.tasks.feedforward import FeedforwardTask

CONTENT, STYLE, VARIATION = 2.0, 50.0, 0.5
BLEND = [0.75, 0.25]
STYLES = [random_images(1, 20, seed=1), random_images(1, 13, seed=2)]


def make_task() -> FeedforwardTask:
    encoder = small_features()
    objective = StyleObjective(
        {"late": 1.0}, {"early": 1.0, "late": 0.5},
        content_weight=CONTENT, style_weight=STYLE, total_variation_weight=VARIATION,
        statistic=GramStatistic(normalisation="chw"), total_variation="mean_squared",
    )  # fmt: skip
    network = transformer_net(width=4, blocks=1)
    optimizer, scheduler = partial(torch.optim.Adam, lr=5e-3), partial(ConstantLR, factor=1.0)
    return FeedforwardTask(encoder, network, objective, STYLES, BLEND, optimizer, scheduler)


def batch(count: int = 4) -> CropBatch:
    contents = random_images(count, 16, seed=0)
    return CropBatch(contents, torch.full_like(contents, float("nan")))  # styles that nobody may look at


def gradients(task: FeedforwardTask, crops: CropBatch) -> list[Tensor]:
    return list(torch.autograd.grad(task.training_step(crops, 0), list(task.stylizer.parameters())))


def test_the_loss_is_the_perceptual_one() -> None:
    task = make_task()
    task.on_fit_start()
    contents = batch().contents
    images = task.stylizer(contents)
    found, wanted = task.encoder(images), task.encoder(contents)

    def gram(features: Tensor) -> Tensor:
        flat = features.flatten(2)
        return flat @ flat.transpose(1, 2) / flat[0].numel()

    style = sum(
        share * weight * (gram(found[layer]) - gram(task.encoder(each)[layer])).square().mean()
        for share, each in zip(BLEND, STYLES, strict=True)
        for layer, weight in (("early", 1.0), ("late", 0.5))
    )
    content = (found["late"] - wanted["late"]).square().mean()
    variation = sum(images.diff(dim=dim).square().sum() for dim in (2, 3)) / images.numel()
    expected = CONTENT * content + STYLE * style + VARIATION * variation
    torch.testing.assert_close(task.training_step(batch(), 0), expected, rtol=1e-5, atol=0)


def test_the_mean_over_ranks_is_the_gradient_of_the_whole_batch() -> None:
    task = make_task()
    task.on_fit_start()
    halves = [CropBatch(*(part[half] for part in batch())) for half in (slice(0, 2), slice(2, 4))]
    by_rank = zip(*(gradients(task, half) for half in halves), strict=True)
    for (first, second), whole in zip(by_rank, gradients(task, batch()), strict=True):
        torch.testing.assert_close((first + second) / 2, whole, rtol=1e-3, atol=1e-5)


def test_only_the_network_is_trained_and_kept_and_the_style_is_described_once(tmp_path: Path) -> None:
    task = make_task()
    before = {name: value.clone() for name, value in task.encoder.named_buffers()}
    assert list(task.state_dict()) == [f"stylizer.{name}" for name in task.stylizer.state_dict()]
    passes = task.encoder.network.passes
    logged = fitted(task, batch(), tmp_path, steps=60)
    # once each style; at each step the contents, and what is painted
    assert task.encoder.network.passes - passes == len(STYLES) + 2 * 60
    assert {watched.metric for watched in task.watched} <= set(logged[0])
    assert logged[-1]["train/loss"] < logged[0]["train/loss"] / 3
    first = logged[0]
    weighted = (
        CONTENT * first["train/content"]
        + STYLE * first["train/style"]
        + VARIATION * first["train/total_variation"]
    )
    assert first["train/loss"] == pytest.approx(weighted, rel=1e-5)
    assert all(value.equal(before[name]) for name, value in task.encoder.named_buffers())

    torch.save(task.state_dict(), tmp_path / "weights.pt")
    again = transformer_net(width=4, blocks=1, weights=str(tmp_path / "weights.pt"))
    contents = batch().contents
    assert again(contents).equal(task.stylizer(contents))


def test_it_paints_an_image_of_any_size_in_the_style_it_learned() -> None:
    task = make_task()
    content = random_images(1, 19, seed=1)[0]
    assert task.paint(content, []).equal(task.stylizer(content[None])[0])
