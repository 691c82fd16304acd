"""Each preset of conf/loss, against the objective of its peer written out from the peer's formulas in float64."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from torch import Tensor
from torch.nn import functional

from likeness.config.make import make
from likeness.config.schema.style_losses import StyleLoss
from likeness.losses.style import GramStatistic, StyleObjective

CONF = Path(__file__).parents[3] / "conf"
PRESETS = ["style", "gatys2016", "neural_style", "pytorch_tutorial", "crowsonkb"]
CHANNELS = {1: 6, 2: 8, 3: 10, 4: 12, 5: 12}
Features = dict[str, Tensor]
Peer = Callable[[Tensor, Features, Features, Features], Tensor]


def preset(name: str) -> DictConfig:
    """A choice of conf/loss, resolved beside a backbone that suggests two layers."""
    suggested = {
        "content_layers": {"relu2_1": 1.0},
        "style_layers": {"relu1_1": 2.0},
        "style_weight": 100.0,
        "total_variation_weight": 0.0,
    }
    with initialize_config_dir(str(CONF), version_base=None):
        node = compose(f"loss/{name}")
    whole = OmegaConf.create({"backbone": {"suggested": suggested}, **node})
    OmegaConf.resolve(whole)
    return whole.loss


def taken(node: DictConfig) -> StyleLoss:
    """The node as its schema takes it."""
    return StyleLoss.model_validate(OmegaConf.to_container(node))


def random_features(layers: tuple[str, ...], seed: int) -> Features:
    """By the names of VGG's layers: fewer channels, a side of 16 halved by each block, not negative after a ReLU."""
    generator = torch.Generator().manual_seed(seed)
    maps = {}
    for layer in layers:
        block = int(layer.removeprefix("conv").removeprefix("relu")[0])
        side = 2 ** (6 - block)
        values = torch.randn(1, CHANNELS[block], side, side, generator=generator, dtype=torch.float64)
        maps[layer] = values.relu() if layer.startswith("relu") else values
    return maps


def matrix(maps: Tensor) -> Tensor:
    """The Gram matrix of one image, without any normalisation."""
    rows = maps[0].reshape(maps.shape[1], -1)
    return rows @ rows.T


def gatys2016(image: Tensor, generated: Features, content: Features, style: Features) -> Tensor:
    """Equations 1, 4, 5 and 7; alpha / beta = 1e-3."""
    j_content = ((generated["relu4_2"] - content["relu4_2"]) ** 2).sum() / 2
    j_style = torch.zeros(()).double()
    for layer in ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"):
        n, m = generated[layer].shape[1], generated[layer][0, 0].numel()
        energy = ((matrix(generated[layer]) - matrix(style[layer])) ** 2).sum() / (4 * n**2 * m**2)
        j_style = j_style + energy / 5
    return 1e-3 * j_content + j_style


def neural_style(image: Tensor, generated: Features, content: Features, style: Features) -> Tensor:
    """Pixels of 0 to 256; every layer's mean squared error times the strength."""
    loss = 5e0 * functional.mse_loss(generated["relu4_2"], content["relu4_2"])
    for layer in ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"):
        grams = [matrix(maps[layer]) / maps[layer].numel() for maps in (generated, style)]
        loss = loss + 1e2 * functional.mse_loss(*grams)
    pixels = 256 * image
    along = (pixels[:, :, 1:, :] - pixels[:, :, :-1, :]).abs().sum()
    across = (pixels[:, :, :, 1:] - pixels[:, :, :, :-1]).abs().sum()
    return loss + 1e-3 * (along + across)


def pytorch_tutorial(image: Tensor, generated: Features, content: Features, style: Features) -> Tensor:
    """The first five convolutions for style, the fourth for content; 1 and 1,000,000."""
    loss = functional.mse_loss(generated["conv2_2"], content["conv2_2"])
    for layer in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"):
        grams = [matrix(maps[layer]) / maps[layer].numel() for maps in (generated, style)]
        loss = loss + 1000000 * functional.mse_loss(*grams)
    return loss


def crowson_weights() -> dict[str, float]:
    weights = [256, 64, 16, 4, 1]
    return {f"relu{block}_1": weight / sum(weights) for block, weight in enumerate(weights, 1)}


def crowsonkb(image: Tensor, generated: Features, content: Features, style: Features) -> Tensor:
    """Transport between normal distributions, the trace of the root by the eigenvalues of the covariances' product."""
    loss = 0.015 * functional.mse_loss(generated["relu4_2"], content["relu4_2"])
    for layer, weight in crowson_weights().items():
        means, covariances = [], []
        for maps in (generated[layer], style[layer]):
            rows = maps[0].flatten(1)
            means.append(rows.mean(1))
            moments = rows @ rows.T / rows.shape[1]
            covariances.append(
                moments - torch.outer(means[-1], means[-1]) + 1e-4 * torch.eye(len(rows)).double()
            )
        trace = torch.linalg.eigvals(covariances[0] @ covariances[1]).sqrt().real.mean()
        spread = sum(each.diagonal().mean() for each in covariances) - 2 * trace
        loss = loss + weight * (functional.mse_loss(*means) + spread)
    height, width = image.shape[2:]
    places = [(y, x) for y in range(-1, height) for x in range(-1, width)]

    def at(y: int, x: int) -> Tensor:
        return image[0, :, min(max(y, 0), height - 1), min(max(x, 0), width - 1)]

    inner = [(y, x) for y, x in places if y >= 0 and x >= 0]
    straight = [
        ((at(y, x + 1) - at(y, x)) ** 2).sum() + ((at(y + 1, x) - at(y, x)) ** 2).sum() for y, x in inner
    ]
    corner = [
        ((at(y + 1, x + 1) - at(y, x)) ** 2).sum() + ((at(y + 1, x) - at(y, x + 1)) ** 2).sum()
        for y, x in places
    ]
    variation = 2 * (sum(straight) / (3 * len(straight)) / 3 + sum(corner) / (3 * len(corner)) / 12)
    return loss + 2.0 * variation


def crowsonkb_before(image: Tensor, generated: Features, content: Features, style: Features) -> Tensor:
    """The earlier form: errors scaled by their absolute sum, Gram matrices by positions."""

    def scaled(found: Tensor, wanted: Tensor) -> Tensor:
        return ((found - wanted) ** 2).sum() / ((found - wanted).abs().sum() + 1e-8)

    loss = 0.015 * scaled(generated["relu4_2"], content["relu4_2"])
    for layer, weight in crowson_weights().items():
        grams = [matrix(maps[layer]) / maps[layer][0, 0].numel() for maps in (generated, style)]
        loss = loss + weight * scaled(*grams)
    padded = functional.pad(image, (0, 1, 0, 1), "replicate")
    across = padded[..., :-1, 1:] - padded[..., :-1, :-1]
    along = padded[..., 1:, :-1] - padded[..., :-1, :-1]
    return loss + 2.0 * (across**2 + along**2).mean()


def earlier_crowsonkb() -> StyleObjective:
    words: dict[str, Any] = OmegaConf.to_container(preset("crowsonkb"))
    del words["_target_"]
    words |= {
        "statistic": GramStatistic("hw", "scaled"),
        "content": "scaled",
        "total_variation": "mean_squared",
    }
    return StyleObjective(**words)


CASES: list[tuple[str, Callable[[], StyleObjective], Peer, float]] = [  # the last: ours divided by the peer's
    ("gatys2016", lambda: make(taken(preset("gatys2016"))), gatys2016, 1000.0),
    ("neural_style", lambda: make(taken(preset("neural_style"))), neural_style, 1.0),
    ("pytorch_tutorial", lambda: make(taken(preset("pytorch_tutorial"))), pytorch_tutorial, 1.0),
    ("crowsonkb", lambda: make(taken(preset("crowsonkb"))), crowsonkb, 1.0),
    ("crowsonkb before", earlier_crowsonkb, crowsonkb_before, 1.0),
]


@pytest.mark.parametrize(
    ("objective", "peer", "factor"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_preset_is_its_peer_s_objective_times_a_constant(
    objective: Callable[[], StyleObjective], peer: Peer, factor: float
) -> None:
    ours = objective()
    content, style, generated = (random_features(ours.layers, seed) for seed in (0, 1, 2))
    image = torch.rand(
        1, 3, 9, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64
    ).requires_grad_()
    leaves = [image, *(each.requires_grad_() for each in generated.values())]
    found = ours(image, generated, ours.targets(content, [style], [1.0], [None])).total
    expected = factor * peer(image, generated, content, style)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)
    gradients = [torch.autograd.grad(loss, leaves, allow_unused=True) for loss in (found, expected)]
    for mine, theirs in zip(*gradients, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_the_schema_and_is_made(name: str) -> None:
    assert isinstance(make(taken(preset(name))), StyleObjective)


@pytest.mark.parametrize(
    "statistic",
    [
        {"_target_": "likeness.losses.style.MeanStdStatistic"},
        {"_target_": "likeness.losses.style.SlicedStatistic", "directions": 16},
        {"_target_": "likeness.losses.style.SlicedStatistic", "directions": None},
        {"_target_": "likeness.losses.style.GaussianStatistic"},
    ],
)
def test_other_statistics_take_the_gram_s_place(statistic: dict[str, Any]) -> None:
    node = preset("style")
    node.statistic = statistic
    assert type(make(taken(node)).statistic).__name__ == statistic["_target_"].rsplit(".", 1)[1]


def test_a_negative_weight_and_an_unknown_word_are_refused() -> None:
    for change in (
        {"style_weight": -1.0},
        {"style_layers": {"relu1_1": -1.0}},
        {"content": "median"},
        {"extra": 1},
    ):
        node = OmegaConf.to_container(preset("style"))
        assert isinstance(node, dict)
        with pytest.raises(ValueError, match="validation error"):
            StyleLoss.model_validate(node | change)
