"""Subject: seconds of a forward and backward pass, by batch size."""

from collections.abc import Callable
from functools import partial
from typing import Any

import contenders
from batches import WIDTH, batch
from contenders import MARGIN, Loss
from equality import assert_equal, step
from timing import side_by_side

from likeness import losses

SIZES = {128: 41, 256: 41, 512: 31, 1024: 21, 2048: 11, 4096: 7}  # batch size: rounds
SMALL_SIZES = {128: 21, 256: 11, 512: 7, 1024: 5}  # the peer lists B^3 triplets
LOSSES = {
    "batch_hard": losses.batch_hard_triplet_loss,
    "all_semi_hard": losses.all_semi_hard_triplet_loss,
    "batch_all": losses.batch_all_triplet_loss,
}


def _compare(
    libraries: Callable[[], dict[str, Loss]], size: int, rounds: int, width: int = WIDTH
) -> dict[str, Any]:
    rivals = libraries()
    assert_equal(rivals, size, width)
    embedding, identity = batch(size, width=width)
    calls = {name: partial(step, loss, embedding, identity) for name, loss in rivals.items()}
    return {"batch": size, "width": width, "rounds": rounds, "median_seconds": side_by_side(calls, rounds)}


def batch_hard() -> list[dict[str, Any]]:
    return [_compare(contenders.batch_hard, size, rounds) for size, rounds in SIZES.items()]


def batch_hard_small() -> list[dict[str, Any]]:
    """Where the time is that of launching small operations."""
    return [
        _compare(contenders.batch_hard, size, 41, width)
        for width in (128, WIDTH)
        for size in (16, 32, 64, 128)
    ]


def batch_hard_squared() -> list[dict[str, Any]]:
    return [_compare(contenders.batch_hard_squared, size, SIZES[size]) for size in (128, 1024, 4096)]


def batch_all() -> list[dict[str, Any]]:
    return [_compare(contenders.batch_all, size, rounds) for size, rounds in SMALL_SIZES.items()]


def all_semi_hard() -> list[dict[str, Any]]:
    return [_compare(contenders.all_semi_hard, size, rounds) for size, rounds in SMALL_SIZES.items()]


def mixture() -> dict[str, Any]:
    """What the batches are made of: shares of their triplets."""
    shares = {}
    for size in (128, 1024, 4096):
        active = {name: loss(*batch(size), margin=MARGIN).active.item() for name, loss in LOSSES.items()}
        shares[size] = {
            "hard": active["batch_all"] - active["all_semi_hard"],
            "semi_hard": active["all_semi_hard"],
            "easy": 1 - active["batch_all"],
            "active_of_batch_hard": active["batch_hard"],
        }
    return shares
