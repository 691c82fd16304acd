"""How identification and clustering are measured: the trials that are searched, and what makes the clusters."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from likeness.config.schema.base import Node, Place, Positive
from likeness.config.schema.outside import OR_OUTSIDE


class OpenSet(Node):
    """Half of the test identities enrolled, each by some images; `combine` makes one of a subject's templates."""

    of_the_recipe: ClassVar[frozenset[str]] = frozenset({"combine"})
    target: Literal["likeness.evaluation.identification.trial.drawn_trial"] = Field(alias="_target_")
    templates: Positive
    combine: Literal["mean", "maximum", "mean_score"] = "mean"


class CalibratedGallery(Node):
    """The same, where half of those who are not enrolled are a cohort, on which the threshold is chosen."""

    of_the_recipe: ClassVar[frozenset[str]] = frozenset({"combine"})
    target: Literal["likeness.evaluation.identification.trial.calibrated_trial"] = Field(alias="_target_")
    templates: Positive
    combine: Literal["mean", "maximum", "mean_score"] = "mean"


class Blufr(Node):
    """BLUFR's trials on LFW, from the folder `root` of its lists."""

    target: Literal["likeness.data.blufr.blufr_trials"] = Field(alias="_target_")
    root: Place


Identification = Annotated[OpenSet | CalibratedGallery | Blufr, Field(discriminator="target")]

Distance = Annotated[float, Field(gt=0)]


class NeighbourClusters(Node):
    """Components of neighbours, split by average linkage."""

    target: Literal["likeness.clustering.neighbours.NeighbourClusters"] = Field(alias="_target_")
    neighbours: Distance
    joined: Distance


class Dbscan(Node):
    """Density-based clusters (Ester et al. 1996)."""

    target: Literal["sklearn.cluster.DBSCAN"] = Field(alias="_target_")
    eps: Distance
    min_samples: Positive
    metric: Literal["sqeuclidean"]


class Hdbscan(Node):
    """Hierarchical density-based clusters (Campello et al. 2013)."""

    target: Literal["sklearn.cluster.HDBSCAN"] = Field(alias="_target_")
    min_cluster_size: Annotated[int, Field(ge=2)]
    min_samples: Positive | None = None


class AverageLinkage(Node):
    """Agglomerative clusters, cut at an average distance."""

    target: Literal["sklearn.cluster.AgglomerativeClustering"] = Field(alias="_target_")
    n_clusters: None
    distance_threshold: Distance
    linkage: Literal["average", "complete", "single"]
    metric: Literal["sqeuclidean"]


class KMeans(Node):
    """K-means, with K given."""

    target: Literal["sklearn.cluster.KMeans"] = Field(alias="_target_")
    n_clusters: Positive
    n_init: Positive
    random_state: Annotated[int, Field(ge=0)]


Clustering = Annotated[
    NeighbourClusters | Dbscan | Hdbscan | AverageLinkage | KMeans, Field(discriminator="target"), OR_OUTSIDE
]
