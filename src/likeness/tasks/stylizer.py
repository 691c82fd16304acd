"""What the tasks that train a stylizer share: a frozen encoder, an objective, and an image painted in one pass."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from likeness.losses.style import StyleCosts, StyleObjective
from likeness.models.features import FeatureNetwork
from likeness.tasks.style_metrics import WATCHED
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task, Watched


class StylizerTask(Task):
    """A stylizer that is trained by the features of what it paints.

    Args:
        encoder: activations of named layers, frozen.
        stylizer: the network that is trained.
        objective: the loss.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
    """

    watched: ClassVar[tuple[Watched, ...]] = WATCHED

    def __init__(
        self,
        encoder: FeatureNetwork,
        stylizer: nn.Module,
        objective: StyleObjective,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
    ) -> None:
        super().__init__(optimizer, scheduler)
        self.encoder = encoder
        self.stylizer = stylizer
        self.objective = objective

    @abstractmethod
    def paint(self, content: Tensor, styles: Sequence[Tensor]) -> Tensor:
        """The content in the styles, all `[3, H, W]` in [0, 1], each of its own size; the result has the content's."""

    @torch.no_grad()
    def costs(self, image: Tensor, content: Tensor, style: Tensor) -> StyleCosts:
        """J of a painted image: how far from the content's features and the style's statistics; all `[3, H, W]`."""
        targets = self.objective.targets(
            self.encoder(content[None]), [self.encoder(style[None])], [1.0], [None]
        )
        costs: StyleCosts = self.objective(image[None], self.encoder(image[None]), targets)
        return costs
