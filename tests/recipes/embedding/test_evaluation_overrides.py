"""`likeness evaluate RUN OVERRIDES`: what is given counts, however it is written, and the rest is as in the run."""

import numpy as np
import pytest
from tiny import TINY

from likeness.config.make import make
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError
from likeness.evaluation.clustering import bcubed
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.evaluate import evaluation_of


@pytest.fixture(scope="module")
def own() -> EmbeddingConfig:
    config = training_config([*TINY, "evaluation.flip=true", "evaluation.queries=9", "seed=4"])
    assert isinstance(config, EmbeddingConfig)
    return config


@pytest.mark.parametrize("plus", ["", "+", "++"], ids=["plain", "add", "force"])
def test_an_override_counts_however_it_is_written(plus: str, own: EmbeddingConfig) -> None:
    if plus != "+":  # Hydra adds nothing that is there
        assert evaluation_of(own, [f"{plus}evaluation.flip=false"]).evaluation.flip is False
        assert evaluation_of(own, [f"{plus}evaluation.queries=7"]).evaluation.queries == 7
    assert evaluation_of(own, [f"{plus}data.test_identities=5"]).data.test_identities == 5


def test_what_is_left_open_is_as_in_the_run(own: EmbeddingConfig) -> None:
    config = evaluation_of(own, [])
    assert (config.evaluation.flip, config.evaluation.queries) == (True, 9)
    assert config.data == own.data
    assert (config.backbone, config.embedder) == (own.backbone, own.embedder)
    assert config.episodes is None


def test_other_data_are_chosen_whole(own: EmbeddingConfig) -> None:
    config = evaluation_of(own, ["data=image_folder", "data.root=faces", "++data.split=[0,0,1]"])
    assert (config.data.root, config.data.split) == ("faces", [0, 0, 1])
    assert config.evaluation.flip


@pytest.mark.parametrize(
    "part", ["backbone.width=3", "++embedder.normalize=false", "+head=chi_squared", "~head"]
)
def test_the_network_is_the_run_s(part: str, own: EmbeddingConfig) -> None:
    with pytest.raises(LikenessError, match="can't be changed: the network is the run's own"):
        evaluation_of(own, [part])


def test_who_is_trusted_is_said_by_the_option_alone(own: EmbeddingConfig) -> None:
    for override in ("trust=[a,b]", "+trust=[a,b]"):
        with pytest.raises(LikenessError) as error:
            evaluation_of(own, [override])
        assert str(error.value) == f"{override} is not taken here: write --trust a --trust b."
    mine = ["++data={_target_: logging.Filter, spatial_size: 32, channels: 3}"]
    with pytest.raises(LikenessError, match="Filter takes no"):
        evaluation_of(own, mine, trust=["logging"])
    with pytest.raises(LikenessError, match="is not on the list"):
        evaluation_of(own, mine)
    assert evaluation_of(own, [], trust=["logging"]).trust == ["logging"]


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("data.test_identites=3", "did you mean data.test_identities?"),
        ("evaluation.flp=true", "did you mean flip?"),
        ("++evaluation.flp=true", "did you mean flip?"),
        ("data.split=[0", "can't be read"),
    ],
)
def test_a_mistake_names_the_nearest_key(override: str, hint: str, own: EmbeddingConfig) -> None:
    with pytest.raises(LikenessError) as error:
        evaluation_of(own, [override])
    assert hint in str(error.value)


def test_identification_is_as_in_the_run_or_as_it_is_chosen(own: EmbeddingConfig) -> None:
    kept = evaluation_of(own.model_copy(update={"identification": None}), []).identification
    assert kept == own.identification  # a run from before it was measured: the default
    more = training_config([*TINY, "identification.templates=2", "identification.combine=maximum"])
    assert isinstance(more, EmbeddingConfig)
    assert evaluation_of(more, []).identification == more.identification
    changed = evaluation_of(more, ["identification.templates=3"]).identification
    assert (changed.templates, changed.combine) == (3, "maximum")
    chosen = evaluation_of(more, ["identification=blufr", "identification.root=lists"]).identification
    assert chosen.root == "lists"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["clustering=dbscan"], "clustering.eps has no value"),
        (["clustering=dbscn"], "did you mean dbscan"),
        (["clustering=k_means", "clustering.n_clusters=0"], "clustering.n_clusters=0 won't do"),
        (["identification.templates=0"], "identification.templates=0 won't do"),
        (["identification.combine=median"], "did you mean mean"),
        (["identification=blufr", "identification.templates=2"], "templates"),
    ],
)
def test_mistakes_about_identification_and_clustering(
    overrides: list[str], said: str, own: EmbeddingConfig
) -> None:
    with pytest.raises(LikenessError) as error:
        evaluation_of(own, overrides)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ["clustering=neighbours", "clustering.neighbours=0.5", "clustering.joined=0.7"],
        ["clustering=dbscan", "clustering.eps=0.5"],
        ["clustering=hdbscan"],
        ["clustering=average_linkage", "clustering.distance_threshold=2.0"],
        ["clustering=k_means", "clustering.n_clusters=4"],
    ],
    ids=lambda overrides: overrides[0],
)
def test_every_clusterer_parts_four_heaps(overrides: list[str], own: EmbeddingConfig) -> None:
    heaps = np.repeat(np.arange(4), 10)
    embeddings = np.eye(4)[heaps] * 3 + np.random.default_rng(0).normal(size=(40, 4)) * 0.1
    clustering = evaluation_of(own, overrides).clustering
    assert clustering is not None
    assert bcubed(make(clustering).fit_predict(embeddings.astype(np.float32)), heaps).f == 1
