"""The whole objective: its sum, blends, masks, parts of an image, and what it refuses."""

from typing import Any

import pytest
import torch
from torch import Tensor

from likeness.losses.style import (
    GaussianStatistic,
    GramStatistic,
    MeanStdStatistic,
    SlicedStatistic,
    StyleObjective,
    content_cost,
    gram,
    mask_at,
    total_variation,
)

SIZES = {"early": (4, 8, 12), "middle": (6, 4, 6), "late": (8, 2, 3)}
WORDS: dict[str, Any] = {
    "content_layers": {"middle": 2.0, "late": 0.5},
    "style_layers": {"early": 1.0, "middle": 3.0},
    "content_weight": 0.5,
    "style_weight": 10.0,
    "total_variation_weight": 0.1,
}


def features(seed: int, batch: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        layer: torch.randn(batch, *size, generator=generator, dtype=torch.float64)
        for layer, size in SIZES.items()
    }


def image(seed: int = 5) -> Tensor:
    return torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_it_is_the_weighted_sum_of_its_terms() -> None:
    objective = StyleObjective(**WORDS)
    content, style, generated = features(0), features(1), features(2)
    costs = objective(image(), generated, objective.targets(content, [style], [0.7], [None]))
    j_content = sum(w * content_cost(generated[n], content[n]) for n, w in WORDS["content_layers"].items())
    j_style = 0.7 * sum(
        w * (gram(generated[n]) - gram(style[n])).square().mean() for n, w in WORDS["style_layers"].items()
    )
    variation = total_variation(image(), "mean_squared")
    for found, expected in zip(
        costs,
        (0.5 * j_content + 10 * j_style + 0.1 * variation, j_content, j_style, variation),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


def test_its_terms_are_float32_whatever_the_features_are() -> None:
    objective = StyleObjective(**WORDS)
    maps = {layer: each.bfloat16() for layer, each in features(2).items()}
    costs = objective(image().float(), maps, objective.targets(maps, [maps], [1.0], [None]))
    assert {cost.dtype for cost in costs} == {torch.float32}
    assert {cost.shape for cost in costs} == {torch.Size()}


def test_only_layers_that_count_are_asked_for_each_once() -> None:
    assert StyleObjective(**WORDS).layers == ("middle", "late", "early")
    zero = WORDS | {"content_layers": {"middle": 1.0, "late": 0.0}}
    assert StyleObjective(**zero).layers == ("middle", "early")
    assert StyleObjective(**WORDS | {"content_weight": 0}).layers == ("early", "middle")
    assert StyleObjective(**WORDS | {"style_weight": 0}).layers == ("middle", "late")
    assert StyleObjective({}, {}, 0, 0, 1).layers == ()


@pytest.mark.parametrize("weight", ["content_weight", "style_weight", "total_variation_weight"])
def test_a_term_of_no_weight_is_not_computed(weight: str) -> None:
    objective = StyleObjective(**WORDS | {weight: 0})
    whole = features(2)
    maps = {layer: whole[layer] for layer in objective.layers}
    styles = [] if weight == "style_weight" else [maps]
    costs = objective(
        image(), maps, objective.targets(maps, styles, [1.0] * len(styles), [None] * len(styles))
    )
    assert float(getattr(costs, weight.removesuffix("_weight"))) == 0


def test_two_equal_styles_are_one() -> None:
    objective = StyleObjective(**WORDS)
    content, style, generated = features(0), features(1), features(2)
    one = objective(image(), generated, objective.targets(content, [style], [1.0], [None]))
    two = objective(
        image(), generated, objective.targets(content, [style, style], [0.25, 0.75], [None, None])
    )
    torch.testing.assert_close(two, one)


def test_blended_costs_have_the_gradient_of_blended_gram_matrices() -> None:
    objective = StyleObjective({}, {"early": 1.0}, content_weight=0)
    styles, maps = [features(seed) for seed in (0, 1)], features(2)["early"].requires_grad_()
    targets = objective.targets({}, styles, [0.3, 0.7], [None, None])
    (found,) = torch.autograd.grad(objective(image(), {"early": maps}, targets).total, maps)
    blend = 0.3 * gram(styles[0]["early"]) + 0.7 * gram(styles[1]["early"])
    (expected,) = torch.autograd.grad((gram(maps) - blend).square().mean(), maps)
    torch.testing.assert_close(found, expected)


def test_two_regions_are_each_of_one_style() -> None:
    objective = StyleObjective({}, {"early": 1.0, "middle": 3.0}, content_weight=0)
    styles, generated = [features(seed) for seed in (0, 1)], features(2)
    left = torch.zeros(1, 1, 16, 24, dtype=torch.float64)
    left[..., :12] = 1
    masks = [
        {layer: mask_at(mask, SIZES[layer][1:]) for layer in objective.layers} for mask in (left, 1 - left)
    ]
    found = objective(image(), generated, objective.targets({}, styles, [1.0, 2.0], masks)).style
    halves = [{layer: each.chunk(2, dim=3)[side] for layer, each in generated.items()} for side in (0, 1)]
    alone = [
        objective(image(), half, objective.targets({}, [style], [1.0], [None])).style
        for half, style in zip(halves, styles, strict=True)
    ]
    torch.testing.assert_close(found, alone[0] + 2 * alone[1])


@pytest.mark.parametrize(
    "statistic", [GramStatistic("hw", "scaled"), MeanStdStatistic(), GaussianStatistic()], ids=str
)
@pytest.mark.parametrize("content", ["half_sum", "mean", "scaled"])
def test_parts_of_the_image_add_up_to_the_whole(statistic: Any, content: Any) -> None:
    objective = StyleObjective(**WORDS, statistic=statistic, content=content)
    generated = {layer: each.requires_grad_() for layer, each in features(2).items()}
    left = torch.rand(1, 1, 16, 24, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    mask = {layer: mask_at(left, size[1:]) for layer, size in SIZES.items()}
    targets = objective.targets(features(0), [features(1), features(3)], [0.4, 0.6], [None, mask])
    windows = [
        {layer: (slice(None), slice(0, width // 3)) for layer, (_, _, width) in SIZES.items()},
        {layer: (slice(None), slice(width // 3, None)) for layer, (_, _, width) in SIZES.items()},
    ]
    pixels = image()
    expected = objective(pixels, generated, targets)
    gradients = torch.autograd.grad(expected.total, list(generated.values()))

    def sums_of(part: dict[str, tuple[slice, ...]]) -> Any:
        maps = {layer: each[:, :, *part[layer]] for layer, each in generated.items()}
        return objective.sums(maps, targets.part(part))

    with (
        torch.no_grad()
    ):  # first the sums over all parts and the slopes by them, then each part's own gradient
        total = sums_of(windows[0]) + sums_of(windows[1])
    values = [value.requires_grad_() for value in total.values()]
    costs = objective.costs_of_sums(pixels, total, targets)
    torch.testing.assert_close(costs, expected)
    slopes = torch.autograd.grad(costs.total, values)
    for part in windows:
        torch.autograd.backward(sums_of(part).values(), slopes)
    for found, wanted in zip(generated.values(), gradients, strict=True):
        assert found.grad is not None
        torch.testing.assert_close(found.grad, wanted)


def test_targets_are_detached_and_the_image_s_gradient_is_not() -> None:
    objective = StyleObjective(**WORDS)
    maps = {layer: each.requires_grad_() for layer, each in features(2).items()}
    targets = objective.targets(maps, [maps], [1.0], [None])
    kept = [*targets.content.values(), *targets.styles[0].values()]
    assert not any(each.requires_grad for each in kept)
    pixels = image().requires_grad_()
    assert objective(pixels, features(3), targets).total.requires_grad


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"style_layers": {}}, "style_layers names no layer with a weight above 0, but style_weight is 10"),
        ({"content_layers": {"late": 0.0}}, "content_layers names no layer .* content_weight is 0.5"),
        ({"content_weight": -1.0}, "content_weight must be a finite number of at least 0, not -1.0"),
        ({"style_weight": float("nan")}, "style_weight must be a finite number .* not nan"),
        ({"total_variation_weight": float("inf")}, "total_variation_weight must be .* not inf"),
        ({"style_layers": {"early": -2.0}}, "the weight of style layer early must be .* not -2.0"),
        ({"content": "median"}, "reduction must be one of .* not 'median'"),
        ({"total_variation": "cubic"}, "total_variation must be one of .* not 'cubic'"),
        ({"content_weight": 0, "style_weight": 0, "total_variation_weight": 0}, "the objective is empty"),
    ],
)
def test_words_without_meaning_are_refused(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        StyleObjective(**WORDS | words)


def test_targets_that_do_not_fit_are_refused() -> None:
    objective = StyleObjective(**WORDS)
    maps = features(0)
    with pytest.raises(ValueError, match="2 styles need as many weights and masks, not 1 and 2"):
        objective.targets(maps, [maps, maps], [1.0], [None, None])
    with pytest.raises(ValueError, match="a style image is needed"):
        objective.targets(maps, [], [], [])
    with pytest.raises(ValueError, match="a style's weight must be a finite number of at least 0"):
        objective.targets(maps, [maps], [-0.5], [None])
    for mask, sentence in [
        (torch.zeros(1, 1, 2, 2), r"\[0, 0\]"),
        (torch.full((1, 1, 2, 2), 1.5), r"\[1.5, 1.5\]"),
    ]:
        with pytest.raises(ValueError, match=rf"a mask must lie in \[0, 1\] .* is in {sentence}"):
            objective.targets(maps, [maps], [1.0], [dict.fromkeys(objective.style_layers, mask)])


def test_features_of_another_shape_than_their_target_are_refused() -> None:
    objective = StyleObjective(**WORDS)
    targets = objective.targets(features(0), [features(1)], [1.0], [None])
    with pytest.raises(
        ValueError, match=r"content features are \[1, 6, 3, 6\] but their target \[1, 6, 4, 6\]"
    ):
        objective(image(), features(2) | {"middle": torch.ones(1, 6, 3, 6)}, targets)
    with pytest.raises(
        ValueError, match="features of early are of 1 images and 5 channels, but the style's of 1 and 4"
    ):
        objective(image(), features(2) | {"early": torch.ones(1, 5, 8, 12)}, targets)


def test_a_statistic_that_is_no_sum_is_not_taken_in_parts() -> None:
    objective = StyleObjective(**WORDS, statistic=SlicedStatistic())
    maps = features(2)
    targets = objective.targets(maps, [maps], [1.0], [None])
    assert float(objective(image(), maps, targets).style) == pytest.approx(0)
    with pytest.raises(ValueError, match="SlicedStatistic is no sum over positions"):
        objective.sums(maps, targets)
