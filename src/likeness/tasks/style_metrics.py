"""What the tasks about style log, and what a progress bar shows of it."""

from torch import Tensor

from likeness.losses.style import StyleCosts
from likeness.tasks.task import Watched

WATCHED = (Watched("content", "train/content", ".4g"), Watched("style", "train/style", ".4g"))


def style_metrics(costs: StyleCosts) -> dict[str, Tensor]:
    """The costs of a step by the names of their metrics, detached."""
    return {
        "train/loss": costs.total.detach(),
        "train/content": costs.content.detach(),
        "train/style": costs.style.detach(),
        "train/total_variation": costs.total_variation.detach(),
    }
