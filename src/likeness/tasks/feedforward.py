"""The feed-forward task: one network for one style, learned on contents alone (Johnson, Alahi and Fei-Fei 2016)."""

from collections.abc import Sequence

from torch import Tensor, nn

from likeness.data.style.batch import CropBatch
from likeness.losses.style import StyleObjective, StyleTargets
from likeness.models.features import FeatureNetwork
from likeness.models.stylizers import stylize_by_network
from likeness.tasks.style_metrics import style_metrics
from likeness.tasks.stylizer import StylizerTask
from likeness.tasks.task import OptimizerFactory, SchedulerFactory


class FeedforwardTask(StylizerTask):
    """Train a network by the perceptual loss of its images: their features beside the content's, their statistics
    beside those of a style that stays the same (Johnson et al., section 3).

    Args:
        encoder: activations of named layers, frozen.
        stylizer: images `[B, 3, H, W]` in [0, 1] to images of the same size.
        objective: the loss.
        styles: the style images, `[1, 3, Hk, Wk]` in [0, 1] each, several of them blended.
        style_weights: the share of each in the loss.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
    """

    def __init__(
        self,
        encoder: FeatureNetwork,
        stylizer: nn.Module,
        objective: StyleObjective,
        styles: Sequence[Tensor],
        style_weights: Sequence[float],
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
    ) -> None:
        super().__init__(encoder, stylizer, objective, optimizer, scheduler)
        self.styles = styles
        self.style_weights = style_weights
        self._style_targets: StyleTargets | None = None

    def paint(self, content: Tensor, styles: Sequence[Tensor]) -> Tensor:
        """The content in the style that the network has learned, `[3, H, W]`; others are not looked at."""
        return stylize_by_network(content, self.stylizer)

    def on_fit_start(self) -> None:
        """Describe the style, once, in float32."""
        features = [self.encoder(style.to(self.device)) for style in self.styles]
        targets = self.objective.targets(features[0], features, self.style_weights, [None] * len(features))
        self._style_targets = targets._replace(content={})  # each batch brings its own

    def training_step(self, batch: CropBatch, batch_idx: int) -> Tensor:
        """The loss of a batch of contents, the mean over them; its styles are not looked at."""
        assert self._style_targets is not None
        of_contents = self.encoder(batch.contents)
        targets = self._style_targets._replace(
            content={layer: of_contents[layer] for layer in self.objective.content_layers}
        )
        images = self.stylizer(batch.contents)
        costs = self.objective(images, self.encoder(images), targets)
        self.log_dict(style_metrics(costs), batch_size=len(images))
        return costs.total
