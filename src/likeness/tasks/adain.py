"""The AdaIN task: a decoder for any style, learned on pairs of a content and a style (Huang and Belongie 2017)."""

from collections.abc import Sequence

from torch import Tensor

from likeness.data.style.batch import CropBatch
from likeness.errors import LikenessError
from likeness.losses.style import StyleObjective
from likeness.models.features import FeatureNetwork
from likeness.models.stylizers import AdainDecoder, adain, stylize_by_adain
from likeness.tasks.style_metrics import style_metrics
from likeness.tasks.stylizer import StylizerTask
from likeness.tasks.task import OptimizerFactory, SchedulerFactory


class AdainTask(StylizerTask):
    """Train a decoder g by `L_c + lambda L_s`, an encoder f being fixed (their eq. 11 to 13, with squares for norms).

    With the content's features restyled, `t = adain(f(c), f(s))`, `L_c` is how far `f(g(t))` is from t, and `L_s` how
    far the statistics of g(t) are from those of s.

    Args:
        encoder: f, frozen; its last layer is the one that the decoder begins at.
        stylizer: g.
        objective: L. Its content layer is the decoder's; theirs is by `MeanStdStatistic`.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.

    Raises:
        LikenessError: the objective's content layer is another than the decoder's.
    """

    stylizer: AdainDecoder

    def __init__(
        self,
        encoder: FeatureNetwork,
        stylizer: AdainDecoder,
        objective: StyleObjective,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
    ) -> None:
        super().__init__(encoder, stylizer, objective, optimizer, scheduler)
        if set(objective.content_layers) - {stylizer.layer}:
            raise LikenessError(
                f"AdaIN's content is what the decoder begins at, {stylizer.layer}, "
                f"but the objective's content layers are {', '.join(objective.content_layers)}."
            )

    def paint(self, content: Tensor, styles: Sequence[Tensor]) -> Tensor:
        """The content in the styles, blended alike, `[3, H, W]`."""
        return stylize_by_adain(content, styles, self.encoder, self.stylizer)

    def training_step(self, batch: CropBatch, batch_idx: int) -> Tensor:
        """The loss of a batch of pairs, the mean over them."""
        layer = self.stylizer.layer
        of_styles = self.encoder(batch.styles)
        restyled = adain(self.encoder(batch.contents)[layer], of_styles[layer])
        targets = self.objective.targets({layer: restyled}, [of_styles], [1.0], [None])
        images = self.stylizer(restyled)
        costs = self.objective(images, self.encoder(images), targets)
        self.log_dict(style_metrics(costs), batch_size=len(images))
        return costs.total
