"""What a run reads: its data, what it is tested on, and weights to begin with; and how the same is recognised later."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.fingerprint import Files
from likeness.data.images import Images, Trials
from likeness.data.statistics import Statistics, channel_statistics
from likeness.recipes.embedding.build import begun_with, test_data
from likeness.recipes.embedding.identification import Benchmark
from likeness.recipes.embedding.measure import TestData
from likeness.recipes.embedding.networks import takes_statistics_of_data
from likeness.recipes.embedding.readable import ReadableSplits, build_data
from likeness.recipes.named_file import hashes_of, local_files
from likeness.runs.record.data_files import listed_as
from likeness.runs.training.checkpoints import checkpoint_of, hash_of


class Inputs(NamedTuple):
    """What is measured on, the fingerprints of all that is read, and the files it lies in.

    `statistics` are those of the training data, where the backbone is to normalise by them.
    """

    tested: TestData
    fingerprints: dict[str, Any]
    files: list[Files]
    statistics: Statistics | None


def build_inputs(config: EmbeddingConfig, splits: ReadableSplits) -> Inputs:
    """What the run of a configuration reads, beside the `splits` of its data; none is read yet but for statistics.

    Raises:
        LikenessError: data that are not there, or too few to test on.
    """
    tested = test_data(build_data(config.test_data) if config.test_data else splits, config)
    read = {"train": splits.train, "validation": splits.validation, "test": tested.samples}
    parts = {name: part for name, part in read.items() if part is not None}
    nodes = {"test": config.test_data or config.data}
    recognised, files = fingerprints(parts, tested), list[Files]()
    for name, part in parts.items():
        files.extend(listed_as(nodes.get(name, config.data), [part.files()]))
    weights = local_files({"weights": getattr(config.backbone, "weights", None)})
    files.extend(weights.values())
    recognised.update(hashes_of(weights))
    if run := begun_with(config):
        recognised["encoder"] = {"sha256": hash_of(checkpoint_of(Path(run)).trained)}
    statistics = None
    if takes_statistics_of_data(config) and splits.train is not None:
        statistics = channel_statistics(splits.train)
        recognised["statistics"] = statistics.plain()
    return Inputs(tested, recognised, files, statistics)


def fingerprints(parts: Mapping[str, Images], tested: TestData) -> dict[str, Any]:
    """By what images, by split, and the pairs and episodes of them are recognised."""
    found: dict[str, Any] = {name: part.fingerprint() for name, part in parts.items()}
    found["pairs"] = tested.pairs.fingerprint()
    if tested.episodes:
        found["episodes"] = {
            kind: Trials(each.support, each.query).fingerprint() for kind, each in tested.episodes.items()
        }
    if isinstance(tested.identification, Benchmark):
        found["identification"] = tested.identification.fingerprint()
    return found
