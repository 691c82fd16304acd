"""The objective of style transfer, `J(G) = alpha J_content(C, G) + beta J_style(S, G) + gamma TV(G)`, and its terms."""

from .content import content_cost
from .difference import Reduction
from .gaussian import GaussianStatistic
from .gram import GramStatistic, Normalisation, gram
from .masks import mask_at
from .objective import StyleCosts, StyleObjective, StyleSums
from .sliced import SlicedStatistic, sliced_wasserstein
from .statistics import MeanStdStatistic, mean_std
from .style_statistic import AdditiveStatistic, StyleStatistic, Sums
from .targets import StyleTargets
from .total_variation import TotalVariation, total_variation

__all__ = [
    "AdditiveStatistic",
    "GaussianStatistic",
    "GramStatistic",
    "MeanStdStatistic",
    "Normalisation",
    "Reduction",
    "SlicedStatistic",
    "StyleCosts",
    "StyleObjective",
    "StyleStatistic",
    "StyleSums",
    "StyleTargets",
    "Sums",
    "TotalVariation",
    "content_cost",
    "gram",
    "mask_at",
    "mean_std",
    "sliced_wasserstein",
    "total_variation",
]
