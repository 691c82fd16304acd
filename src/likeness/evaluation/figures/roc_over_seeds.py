"""The ROC curves of embeddings that were trained several times."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from likeness.evaluation.figures.roc_curves import label_rates
from likeness.evaluation.figures.style import COLOURS, quiet_figure


def roc_over_seeds_figure(encodings: Mapping[str, Sequence[ArrayLike]]) -> Figure:
    """True against false accept rate (logarithmic) of `name -> a curve [K, 2] for each seed`, in the order given.

    Each row of a curve is (far, tar). Faint are the curves of the seeds; strong is their mean at each false accept rate
    (Fawcett 2006, "An introduction to ROC analysis", vertical averaging), so the seeds must share their rates.
    """
    if not encodings:
        raise ValueError("an ROC figure needs at least one embedding")
    figure, (axes,) = quiet_figure(size=(6.4, 4.0 + 0.18 * len(encodings)))
    smallest = 1.0
    for number, (name, curves) in enumerate(encodings.items()):
        points = np.asarray(curves, dtype=np.float64)  # [seeds, K, 2]
        if points.ndim != 3 or np.ptp(points[..., 0], axis=0).any():
            raise ValueError(f"the curves of {name} have other false accept rates from seed to seed")
        far, colour = points[0, :, 0], COLOURS[number % len(COLOURS)]
        smallest = min(smallest, float(far[0]))
        seeds = len(points)
        for one in points if seeds > 1 else ():
            axes.step(far, one[:, 1], where="post", color=colour, linewidth=0.7, alpha=0.4)
        label = f"{name}  (mean of {seeds} seeds)" if seeds > 1 else name
        axes.step(far, points[..., 1].mean(0), where="post", color=colour, linewidth=1.8, label=label)
    label_rates(figure, axes, smallest)
    return figure
