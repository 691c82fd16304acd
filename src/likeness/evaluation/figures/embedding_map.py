"""Embeddings of some identities, laid out in two dimensions."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.transforms import offset_copy
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.figures.style import COLOURS, INK, bare, quiet_figure

MOST_IDENTITIES = 20
_IMAGE_SIZE = 26  # points
_MARKERS = ("o", "^", "s", "D")  # times 6 colours: 24 identities


def map_points(
    embeddings: ArrayLike, method: Literal["pca", "tsne"] = "pca"
) -> tuple[NDArray[np.float64], str]:
    """Points `[N, 2]` for `embeddings [N, D]`, and what to call the map; the same on every call.

    "pca" keeps the two directions of most variance, "tsne" neighbourhoods (van der Maaten and Hinton 2008).
    """
    values = finite(embeddings, "embeddings", 2)
    if min(values.shape) < 2:
        raise ValueError(f"a map needs at least 2 images and 2 dimensions, but the shape is {values.shape}")
    if method == "pca" or len(values) < 5:
        from sklearn.decomposition import PCA

        pca = PCA(2, svd_solver="full")
        with np.errstate(invalid="ignore"):  # a collapsed embedding has no variance to share out
            points = pca.fit_transform(values)
        kept = pca.explained_variance_ratio_.sum() if values.var() > 0 else 0.0
        return points, f"principal components 1 and 2 ({kept:.0%} of the variance)"
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(values) - 1) / 3)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(values), "t-SNE"


def embedding_figure(
    embeddings: ArrayLike,
    identity: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    method: Literal["pca", "tsne"] = "pca",
    images: Sequence[NDArray[np.uint8]] | None = None,
) -> Figure:
    """A map of `embeddings [N, D]`, each identity of `identity [N]` in a colour and a shape of their own.

    Args:
        embeddings: `[N, D]`. identity: `[N]`, of at most 20 identities, for more could not be told apart.
        names: what to call the identities, in ascending order of identity. method: see `map_points`. images:
        N images `[H, W]` or `[H, W, 3]`, drawn small in place of the points, framed in the colour.
    """
    identities, who = np.unique(labels(identity, "identity"), return_inverse=True)
    if len(identities) > MOST_IDENTITIES:
        raise ValueError(
            f"a map shows at most {MOST_IDENTITIES} identities, but there are {len(identities)}: choose some"
        )
    points, title = map_points(embeddings, method)
    if len(points) != len(who) or (images is not None and len(images) != len(who)):
        raise ValueError(f"{len(points)} embeddings need as many identities and images")
    figure, (axes,) = quiet_figure(size=(7.2, 5.2))
    bare(axes)
    # Over images a marker sits in the corner, where it hides no face.
    corner = 0 if images is None else -_IMAGE_SIZE / 2
    place = offset_copy(axes.transData, figure, x=corner, y=-corner, units="points")
    for identity in range(len(identities)):
        mine = points[who == identity]
        axes.scatter(
            mine[:, 0],
            mine[:, 1],
            s=30,
            color=COLOURS[identity % len(COLOURS)],
            marker=_MARKERS[identity // len(COLOURS)],
            alpha=0.85,
            edgecolors="white",
            linewidths=0.5,
            zorder=4,
            transform=place,
            label=names[identity] if names is not None else f"identity {identities[identity]}",
        )
    for index, one in enumerate(images if images is not None else ()):
        image = OffsetImage(
            one, zoom=_IMAGE_SIZE / max(one.shape[:2]), cmap="gray" if one.ndim == 2 else None
        )
        frame = {"edgecolor": COLOURS[who[index] % len(COLOURS)], "linewidth": 1.6}
        axes.add_artist(AnnotationBbox(image, tuple(points[index]), pad=0.1, bboxprops=frame))
    axes.update_datalim(points)
    axes.autoscale_view()
    axes.margins(0.06)
    axes.set_title(title, fontsize=9, color=INK, loc="left")
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure
