"""Ours: features, objective and optimiser as the style task puts them together, stepped by hand."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from contender import STYLE_WEIGHT, Contender, Make, Scene
from networks import CONTENT_LAYER, MEAN, STD, STYLE_LAYERS, Weights
from torch import Tensor, nn

from likeness.losses.style import GramStatistic, StyleObjective, StyleTargets
from likeness.models.features import FeatureNetwork
from likeness.models.features.vgg import vgg_features
from likeness.tasks.pyramid import carry_over, resized


@dataclass(frozen=True)
class Stage:
    """Part of a run, until its clock shows `until`: sides `scale` times the image's, features in bfloat16 or not."""

    scale: float = 1.0
    half: bool = False
    until: float = float("inf")


class Descent:
    """What the style task does at each step, but by a clock in place of a count of steps."""

    def __init__(self, network: FeatureNetwork, scene: Scene, stages: Sequence[Stage]) -> None:
        self.network, self.full, self.stages, self.spent = network, scene.content.shape[2:], list(stages), 0.0
        self.objective = StyleObjective(
            {CONTENT_LAYER: 1.0},
            dict.fromkeys(STYLE_LAYERS, 1.0),
            1.0,
            STYLE_WEIGHT,
            0.0,
            GramStatistic("chw"),
        )
        self.targets = {stage.scale: self._targets(scene, stage.scale) for stage in stages}
        self.image = nn.Parameter(self._scaled(scene.start, stages[0].scale).clone())
        self.optimizer = torch.optim.LBFGS(
            [self.image], max_iter=1, history_size=15, tolerance_grad=0.0, tolerance_change=0.0
        )

    def step(self) -> None:
        start = time.perf_counter()
        while self.spent >= self.stages[0].until:
            self._next_stage()
        self.optimizer.step(self.closure)
        self.image.data.clamp_(0, 1)
        self.spent += time.perf_counter() - start

    def closure(self) -> Tensor:
        stage = self.stages[0]
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=stage.half):
            features = self.network(self.image)
        costs = self.objective(self.image, features, self.targets[stage.scale])
        costs.total.backward()
        return costs.total

    def generated(self) -> Tensor:
        generated = self.image.detach()
        return generated if generated.shape[2:] == self.full else resized(generated, self.full)

    def gradient(self) -> Tensor:
        assert self.image.grad is not None
        return self.image.grad

    @torch.no_grad()
    def _targets(self, scene: Scene, scale: float) -> StyleTargets:
        content, style = (self.network(self._scaled(each, scale)) for each in (scene.content, scene.style))
        return self.objective.targets(content, [style], [1.0], [None])

    def _scaled(self, image: Tensor, scale: float) -> Tensor:
        return image if scale == 1 else resized(image, self._sides(scale))

    def _sides(self, scale: float) -> list[int]:
        return [round(scale * side) for side in self.full]

    def _next_stage(self) -> None:
        before, after = self.stages.pop(0), self.stages[0]
        if before.scale != after.scale:
            carry_over(self.optimizer, self.image, self._sides(after.scale))


def staged(*stages: Stage) -> Make:
    def make(network: str, weights: Weights, scene: Scene) -> Contender:
        descent = Descent(_features(network, weights), scene, stages)
        return Contender(descent.step, descent.closure, descent.image, descent.gradient)

    return make


def _features(network: str, weights: Weights) -> FeatureNetwork:
    with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        torch.save(weights, file.name)
        features = vgg_features(
            name=network,
            weights=file.name,
            pooling="max",
            average_scale=1.0,
            padding_mode="zeros",
            channel_order="rgb",
            mean=MEAN,
            std=STD,
            layers=[*STYLE_LAYERS, CONTENT_LAYER],
        )
    return features.to(next(iter(weights.values())).dtype)
