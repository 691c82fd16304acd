"""The AdaIN task: its loss against the paper's equations, and a short training by Lightning."""

from functools import partial
from pathlib import Path

import pytest
import torch
from small_features import fitted, random_images, small_features
from torch import Tensor, nn
from torch.optim.lr_scheduler import ConstantLR

from likeness.data.style.batch import CropBatch
from likeness.errors import LikenessError
from likeness.losses.style import MeanStdStatistic, StyleObjective
from likeness.models.stylizers import adain_decoder, stylize_by_adain
from likeness.tasks.adain import AdainTask

LAMBDA = 10.0
STYLE_LAYERS = {"early": 1.0, "middle": 1.0, "late": 1.0}


def make_task(content_layer: str = "late") -> AdainTask:
    encoder = small_features()
    decoder = adain_decoder(encoder, width=8)
    objective = StyleObjective(
        {content_layer: 1.0}, STYLE_LAYERS, style_weight=LAMBDA, statistic=MeanStdStatistic()
    )
    return AdainTask(
        encoder, decoder, objective, partial(torch.optim.Adam, lr=1e-2), partial(ConstantLR, factor=1.0)
    )


def crops(count: int = 4, size: int = 16) -> CropBatch:
    return CropBatch(random_images(count, size, seed=1), random_images(count, size, seed=2))


def gradients(task: AdainTask, batch: CropBatch) -> list[Tensor]:
    return list(torch.autograd.grad(task.training_step(batch, 0), list(task.stylizer.parameters())))


def test_the_loss_is_the_paper_s_with_squares() -> None:
    task, batch = make_task(), crops()
    encoder, decoder = task.encoder, task.stylizer
    contents, styles = encoder(batch.contents), encoder(batch.styles)

    def moments(features: Tensor) -> tuple[Tensor, Tensor]:
        flat = features.flatten(2)
        return flat.mean(2, keepdim=True), (flat.var(2, correction=0, keepdim=True) + 1e-5).sqrt()

    (mean, deviation), (style_mean, style_deviation) = moments(contents["late"]), moments(styles["late"])
    flat = style_deviation * (contents["late"].flatten(2) - mean) / deviation + style_mean
    restyled = flat.view_as(contents["late"])
    found = encoder(decoder(restyled))
    content = (found["late"] - restyled).square().mean()
    style = sum(
        (one - other).square().mean()
        for layer in STYLE_LAYERS
        for one, other in zip(moments(found[layer]), moments(styles[layer]), strict=True)
    )
    loss = content + LAMBDA * style
    torch.testing.assert_close(task.training_step(batch, 0), loss, rtol=1e-5, atol=0)
    # the target of the content is no function of what is trained, nor are the statistics of the style
    expected = torch.autograd.grad(loss, list(decoder.parameters()))
    for one, other in zip(gradients(task, batch), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_the_mean_over_ranks_is_the_gradient_of_the_whole_batch() -> None:
    task, (contents, styles) = make_task(), crops()
    halves = [CropBatch(contents[part], styles[part]) for part in (slice(0, 2), slice(2, 4))]
    by_rank = zip(*(gradients(task, half) for half in halves), strict=True)
    for (first, second), whole in zip(by_rank, gradients(task, crops()), strict=True):
        torch.testing.assert_close((first + second) / 2, whole, rtol=1e-3, atol=1e-5)


def test_crops_of_a_size_that_is_no_multiple_of_the_stride() -> None:
    assert make_task().training_step(crops(size=17), 0).isfinite()


def test_only_the_decoder_is_trained_and_kept(tmp_path: Path) -> None:
    task = make_task()
    before = {name: value.clone() for name, value in task.encoder.named_buffers()}
    assert list(task.state_dict()) == [f"stylizer.{name}" for name in task.stylizer.state_dict()]
    logged = fitted(task, crops(), tmp_path, steps=60)
    assert set(logged[0]) == {"train/loss", "train/content", "train/style", "train/total_variation"}
    assert {watched.metric for watched in task.watched} <= set(logged[0])
    assert logged[-1]["train/style"] < logged[0]["train/style"] / 2
    assert logged[-1]["train/loss"] < logged[0]["train/loss"] / 2
    first = logged[0]
    assert first["train/loss"] == pytest.approx(
        first["train/content"] + LAMBDA * first["train/style"], rel=1e-5
    )
    assert all(value.equal(before[name]) for name, value in task.encoder.named_buffers())

    torch.save(task.state_dict(), tmp_path / "weights.pt")
    again = adain_decoder(task.encoder, width=8, weights=str(tmp_path / "weights.pt"))
    assert all(value.equal(task.stylizer.state_dict()[name]) for name, value in again.state_dict().items())


def test_another_content_layer_is_refused() -> None:
    with pytest.raises(LikenessError, match="begins at, late, but the objective's content layers are middle"):
        make_task("middle")


def test_it_paints_an_image_of_any_size() -> None:
    task = make_task()
    content, styles = (
        random_images(1, 19, seed=1)[0],
        [random_images(1, 16, seed=2)[0], random_images(1, 24, seed=3)[0]],
    )
    nn.init.constant_(task.stylizer[-1].bias, 0.5)  # grey, so that nothing is cut to [0, 1]
    painted = task.paint(content, styles)
    assert painted.shape == content.shape
    torch.testing.assert_close(painted, stylize_by_adain(content, styles, task.encoder, task.stylizer))
    assert not painted.equal(task.paint(content, styles[:1]))
