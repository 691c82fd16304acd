"""The style task: an image whose pixels are what is trained (Gatys, Ecker and Bethge 2016)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from likeness.data.style.batch import StyleBatch
from likeness.losses.style import StyleCosts, StyleObjective, StyleTargets, mask_at
from likeness.models.features import FeatureNetwork
from likeness.tasks.pyramid import carry_over
from likeness.tasks.style_metrics import WATCHED, style_metrics
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task, Watched
from likeness.tasks.tiles import check_tiled, tiled_costs, tiled_targets


class StyleTask(Task):
    """Train the pixels of G by J(G) = alpha J_content(C, G) + beta J_style(S, G) + gamma TV(G).

    The targets are computed once for each size of the pyramid. Where a batch comes at another size than the image's,
    the image and the optimizer's state are carried over to it.

    Args:
        network: activations of named layers.
        objective: J.
        image: G before the first step, `[1, 3, H, W]` in [0, 1].
        style_weights: the share of each style image in J_style.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        float32_steps: so many last steps have features in float32, whatever the trainer's precision.
        tile: the side in pixels of the tiles that a large image is taken in; None for the whole at once.

    Raises:
        ValueError: the network or the statistic can't be taken tile by tile.
    """

    watched: ClassVar[tuple[Watched, ...]] = WATCHED

    def __init__(
        self,
        network: FeatureNetwork,
        objective: StyleObjective,
        image: Tensor,
        style_weights: Sequence[float],
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        float32_steps: int = 0,
        tile: int | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler)
        if tile is not None:
            check_tiled(network, objective)
        self.network = network
        self.objective = objective
        self.image = nn.Parameter(image)
        self.style_weights = style_weights
        self.float32_steps = float32_steps
        self.tile = tile
        self._targets: StyleTargets | None = None
        self._level: int | None = None

    def on_train_batch_start(self, batch: StyleBatch, batch_idx: int) -> None:
        """Begin a size of the pyramid with its first batch."""
        if batch.level == self._level:
            return
        if self.image.shape != batch.content.shape:
            carry_over(self.trainer.optimizers[0], self.image, batch.content.shape[2:])
        self._targets = self.targets(batch)
        self._level = batch.level

    def training_step(self, batch: StyleBatch, batch_idx: int) -> Tensor:
        """J of the image as it is."""
        assert self._targets is not None
        finishing = self.trainer.max_steps - self.global_step <= self.float32_steps
        half = torch.is_autocast_enabled(self.device.type) and not finishing
        with torch.autocast(self.device.type, enabled=half):
            costs = self.costs(self.image, self._targets)
        self.log_dict(style_metrics(costs), batch_size=1)
        return costs.total

    def costs(self, image: Tensor, targets: StyleTargets) -> StyleCosts:
        """J and its terms, of an image `[1, 3, H, W]` of the size that the targets are for."""
        if self.tile is not None:
            return tiled_costs(self.network, self.objective, image, targets, self.tile)
        costs: StyleCosts = self.objective(image, self.network(image), targets)
        return costs

    @torch.no_grad()
    def targets(self, batch: StyleBatch) -> StyleTargets:
        """What J compares an image of the content's size with."""
        if self.tile is not None:
            return tiled_targets(self.network, self.objective, batch, self.style_weights, self.tile)
        content = self.network(batch.content)
        masks: list[dict[str, Tensor] | None] = [None] * len(batch.styles)
        if batch.masks is not None:
            masks = [
                {layer: mask_at(mask, maps.shape[2:]) for layer, maps in content.items()}
                for mask in batch.masks
            ]
        styles = [self.network(style) for style in batch.styles]
        return self.objective.targets(content, styles, self.style_weights, masks)

    def on_train_batch_end(self, outputs: Any, batch: StyleBatch, batch_idx: int) -> None:
        """Keep the pixels in [0, 1]; L-BFGS does not know of it, as in PyTorch's own tutorial."""
        self.image.data.clamp_(0, 1)

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The image of a checkpoint, at the size that it has there."""
        self.image.data = torch.empty_like(state_dict["image"], device=self.device)
        return super().load_state_dict(state_dict, *args, **kwargs)
