"""Subject: planning an epoch of identity-balanced batches of 16 identities x 4 images."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from contenders import OURS, PML
from pytorch_metric_learning.samplers import MPerClassSampler
from timing import side_by_side

from likeness.data.sampler import IdentityBalancedBatches

IDENTITIES, IMAGES = 16, 4
STORED = 10  # of each identity


def _labels(people: int) -> np.ndarray:
    return np.repeat(np.arange(people), STORED)


def _ours(sampler: IdentityBalancedBatches) -> list[list[int]]:
    return [[draw.index for draw in batch] for batch in sampler]


def _peer(sampler: MPerClassSampler) -> list[list[int]]:
    stream = list(sampler)
    size = IDENTITIES * IMAGES
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def _assert_balanced(batches: list[list[int]], identity: np.ndarray, count: int) -> None:
    assert len(batches) == count
    for batch in batches:
        _, counts = np.unique(identity[batch], return_counts=True)
        assert (counts == IMAGES).all()
        assert len(counts) == IDENTITIES


def against_the_peer() -> list[dict[str, Any]]:
    """The same epoch on both sides: as many batches as there are images for."""
    rows = []
    for people, rounds in ((1_000, 7), (10_000, 3)):
        identity = _labels(people)
        batches = len(identity) // (IDENTITIES * IMAGES)

        def build_ours(identity: np.ndarray = identity) -> IdentityBalancedBatches:
            return IdentityBalancedBatches(identity, identities=IDENTITIES, images=IMAGES, seed=0)

        def build_peer(identity: np.ndarray = identity, batches: int = batches) -> MPerClassSampler:
            size = IDENTITIES * IMAGES
            return MPerClassSampler(identity, IMAGES, size, length_before_new_iter=batches * size)

        ours, peer = build_ours(), build_peer()
        _assert_balanced(_ours(ours), identity, batches)
        _assert_balanced(_peer(peer), identity, batches)
        epoch = side_by_side({OURS: lambda s=ours: _ours(s), PML: lambda s=peer: _peer(s)}, rounds)
        build = side_by_side({OURS: build_ours, PML: build_peer}, rounds)
        rows.append(
            {
                "identities": people,
                "pictures": len(identity),
                "batches": batches,
                "median_build_seconds": build,
                "median_epoch_seconds": epoch,
            }
        )
    return rows


def ten_million() -> dict[str, Any]:
    """10 million images of 1 million identities, where the peer's epoch would take days."""
    identity = np.random.default_rng(0).permutation(_labels(1_000_000))

    def timed(call: Callable[[], Any]) -> tuple[float, Any]:
        start = time.process_time()
        result = call()
        return time.process_time() - start, result

    build, sampler = timed(
        lambda: IdentityBalancedBatches(identity, identities=IDENTITIES, images=IMAGES, seed=0)
    )
    plan, epoch = timed(lambda: sampler.plan(3))
    middle, _ = timed(lambda: epoch.batch(len(epoch) // 2))
    thousand, _ = timed(lambda: [epoch.batch(i) for i in range(1000)])
    return {
        "identities": 1_000_000,
        "pictures": len(identity),
        "build_seconds": build,
        "plan_seconds": plan,
        "jump_to_the_middle_seconds": middle,
        "seconds_per_batch": thousand / 1000,
    }
