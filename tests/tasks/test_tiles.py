"""J and its gradient, tile by tile, beside those of the whole image at once."""

import pytest
import torch
from torch import Tensor

from likeness.data.style.batch import StyleBatch
from likeness.losses.style import (
    GaussianStatistic,
    GramStatistic,
    MeanStdStatistic,
    SlicedStatistic,
    StyleObjective,
    mask_at,
)
from likeness.losses.style.style_statistic import StyleStatistic
from likeness.models.features import FeatureNetwork, timm_features, vgg_features
from likeness.tasks.tiles import check_tiled, tiled_costs, tiled_targets, tiles

LAYERS = {"relu1_1": 1.0, "relu2_1": 0.5, "relu3_1": 0.2}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def network(pooling: str = "max") -> FeatureNetwork:
    torch.manual_seed(0)
    made = vgg_features(
        name="vgg16",
        weights=None,
        pooling=pooling,  # type: ignore[arg-type]
        average_scale=1.0,
        padding_mode="zeros",
        channel_order="rgb",
        layers=["relu3_2", *LAYERS],
        **IMAGENET,
    )
    return made.double()


def images(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    drawn = torch.Generator().manual_seed(1)
    image, content = (torch.rand(1, 3, height, width, generator=drawn, dtype=torch.float64) for _ in range(2))
    return image.requires_grad_(), content, torch.rand(1, 3, 70, 50, generator=drawn, dtype=torch.float64)


@pytest.mark.parametrize(
    ("height", "width", "side"), [(96, 96, 32), (101, 67, 40), (65, 150, 64), (50, 50, 512), (66, 131, 32)]
)
@pytest.mark.parametrize("statistic", [GramStatistic(), MeanStdStatistic(), GaussianStatistic()])
@pytest.mark.parametrize("masked", [False, True])
def test_tiles_have_the_costs_and_the_gradient_of_the_whole_image(
    height: int, width: int, side: int, statistic: StyleStatistic, masked: bool
) -> None:
    features = network("average" if masked else "max")
    objective = StyleObjective({"relu3_2": 1.0}, LAYERS, 1.0, 100.0, 0.1, statistic)
    image, content, style = images(height, width)
    with torch.no_grad():
        of_content, of_style = features(content), features(style)
    mask = torch.linspace(0, 1, width, dtype=torch.float64).expand(1, 1, height, width)
    masks = {layer: mask_at(mask, maps.shape[2:]) for layer, maps in of_content.items()} if masked else None
    targets = objective.targets(of_content, [of_style], [1.0], [masks])
    whole = objective(image, features(image), targets)
    (expected,) = torch.autograd.grad(whole.total, image)
    tiled = tiled_costs(features, objective, image, targets, side)
    (gradient,) = torch.autograd.grad(3 * tiled.total, image)
    for term, wanted in whole._asdict().items():
        torch.testing.assert_close(getattr(tiled, term), wanted.detach(), rtol=1e-6, atol=0, msg=term)
    assert (gradient / 3 - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("statistic", [GramStatistic(), MeanStdStatistic(), GaussianStatistic()])
def test_the_targets_by_tiles_are_those_of_whole_images(statistic: StyleStatistic) -> None:
    features, (_, content, style) = network(), images(101, 67)
    objective = StyleObjective({"relu3_2": 1.0}, LAYERS, statistic=statistic)
    mask = torch.linspace(0, 1, 67, dtype=torch.float64).expand(1, 1, 101, 67)
    with torch.no_grad():
        of_content = features(content)
        masks = {layer: mask_at(mask, maps.shape[2:]) for layer, maps in of_content.items()}
        whole = objective.targets(of_content, [features(style)], [1.0], [masks])
    tiled = tiled_targets(features, objective, StyleBatch(content, [style], [mask], 0), [1.0], 40)
    for part in ("content", "styles", "masks"):
        torch.testing.assert_close(getattr(tiled, part), getattr(whole, part), rtol=1e-6, atol=1e-9)


def test_the_tiles_cover_every_position_of_every_layer_once() -> None:
    features = network()
    maps = features(torch.rand(1, 3, 101, 67, dtype=torch.float64))
    for layer, whole in maps.items():
        seen = torch.zeros(whole.shape[2:])
        for tile in tiles(features, (101, 67), 40):
            seen[tile.overall[layer]] += 1
        assert torch.equal(seen, torch.ones_like(seen)), layer


def test_what_can_not_be_tiled_is_refused() -> None:
    with pytest.raises(ValueError, match="SlicedStatistic is no sum over positions"):
        check_tiled(network(), StyleObjective({"relu3_2": 1.0}, LAYERS, statistic=SlicedStatistic()))
    graph = timm_features(name="resnet18", weights=None, layers=["layer1"], **IMAGENET)
    with pytest.raises(ValueError, match="only the features of a VGG can be taken tile by tile"):
        check_tiled(graph, StyleObjective({"layer1": 1.0}, {"layer1": 1.0}))
