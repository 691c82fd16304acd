"""Identification on the test identities: a drawn trial of an open set, or the trials of a benchmark."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.config.make import make, told
from likeness.config.schema.identification import Blufr, CalibratedGallery, OpenSet
from likeness.data.images import Images
from likeness.evaluation import Comparison, Metric
from likeness.evaluation.identification import (
    OpenSetTrial,
    Searches,
    best_template,
    evaluate_blufr,
    evaluate_calibrated,
    evaluate_identification,
    joined,
    mean_score,
    mean_templates,
    searches,
)

_BLOCK_VALUES = 1 << 22  # distances held at a time: 32 MiB


class Benchmark(NamedTuple):
    """BLUFR's trials over the test images."""

    trials: Sequence[OpenSetTrial]

    def fingerprint(self) -> dict[str, Any]:
        """Their number, and a SHA-256 over all lists."""
        digest = sha256()
        for trial in self.trials:
            for column in trial:
                digest.update(len(column).to_bytes(8, "little"))
                digest.update(np.ascontiguousarray(column, dtype="<i8").data)
        return {"trials": len(self.trials), "sha256": digest.hexdigest()}


Identification = OpenSet | CalibratedGallery | Benchmark
"""What is searched: a trial that is drawn of the images that can be read, or a benchmark's own."""


def identification_of(
    node: OpenSet | CalibratedGallery | Blufr | None, samples: Images
) -> Identification | None:
    """What the configuration has searched; raises a LikenessError where the lists of a benchmark won't do."""
    if not isinstance(node, Blufr):
        return node
    with told(node):
        trials = make(node, _partial_=True)(samples)
    return Benchmark([OpenSetTrial(*trial) for trial in trials])


def identified(
    asked: Identification,
    comparison: Comparison,
    embeddings: NDArray[np.float32],
    samples: NDArray[np.int64],
    of_all: NDArray[np.int64],
    *,
    most: int | None,
    resamples: int,
    seed: int,
) -> dict[str, Metric]:
    """What an encoder finds by its `embeddings [N, D]` of the images `samples [N]` that could be read.

    `of_all` is whom each image shows, those that could not be read included. Of a drawn trial no more than `most`
    probes search, drawn by `seed`; the deviation of a benchmark is over its trials, and takes no resamples.

    Raises:
        ValueError: the images are too few for such a trial.
    """
    identity = of_all[samples]
    if isinstance(asked, Benchmark):
        trials = [_readable(trial, samples, of_all) for trial in asked.trials]
        return evaluate_blufr(comparison.rows(embeddings), identity, trials)
    if isinstance(asked, CalibratedGallery):
        gallery, probe, cohort = make(asked, _partial_=True)(identity, seed=seed)
        trial = _of_at_most(OpenSetTrial(gallery, probe), most, seed)
        found = _searched(trial, asked.combine, comparison, embeddings, identity)
        strangers = _searched(OpenSetTrial(gallery, cohort), asked.combine, comparison, embeddings, identity)
        return evaluate_calibrated(
            found, strangers.distance, strangers.subject, resamples=resamples, seed=seed
        )
    trial = _of_at_most(make(asked, _partial_=True)(identity, seed=seed), most, seed)
    found = _searched(trial, asked.combine, comparison, embeddings, identity)
    return evaluate_identification(found, resamples=resamples, seed=seed)


def _of_at_most(trial: OpenSetTrial, most: int | None, seed: int) -> OpenSetTrial:
    """A trial of no more than `most` probes."""
    if most is not None and most < len(trial.probe):
        draw = np.random.Generator(np.random.Philox(key=seed))
        return trial._replace(probe=np.sort(draw.permutation(trial.probe)[:most]))
    return trial


def _readable(trial: OpenSetTrial, samples: NDArray[np.int64], of_all: NDArray[np.int64]) -> OpenSetTrial:
    """A trial as rows, without images that could not be read.

    A subject whom such an image was to enrol is left out whole: to find nobody would be no mistake of the encoder's.
    """
    enrolled = np.isin(trial.gallery, samples)
    lost = of_all[trial.gallery[~enrolled]]
    asking = np.isin(trial.probe, samples) & ~np.isin(of_all[trial.probe], lost)
    gallery, probe = trial.gallery[enrolled], trial.probe[asking]
    return OpenSetTrial(np.searchsorted(samples, gallery), np.searchsorted(samples, probe))


def _searched(
    trial: OpenSetTrial,
    combine: str,
    comparison: Comparison,
    embeddings: NDArray[np.float32],
    identity: NDArray[np.int64],
) -> Searches:
    """The searches of a trial, block by block of its probes."""
    probe, enrolled = identity[trial.probe], identity[trial.gallery]
    templates, subjects = embeddings[trial.gallery].astype(np.float64), enrolled
    if combine == "mean":
        lengths = np.linalg.norm(embeddings, axis=1)
        one_length = bool(np.allclose(lengths, lengths.mean(), rtol=1e-3, atol=0))
        templates, subjects = mean_templates(templates, enrolled, one_length=one_length)
    distances = comparison.rows(np.concatenate([embeddings[trial.probe], templates]))
    rule = {"maximum": best_template, "mean_score": mean_score}.get(combine)
    step = max(1, _BLOCK_VALUES // (len(probe) + len(templates)))
    parts = []
    for start in range(0, len(probe), step):
        rows = np.arange(start, min(start + step, len(probe)))
        to_gallery = distances(rows)[:, len(probe) :]
        if rule is not None:
            to_gallery, subjects = rule(to_gallery, enrolled)
        parts.append(searches(to_gallery, probe[rows], subjects))
    return joined(parts)
