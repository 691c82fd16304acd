"""Triplet losses written out: three Python loops in float64, all by direct subtraction."""

import math
from typing import NamedTuple

import numpy as np


class Reference(NamedTuple):
    loss: float
    gradient: np.ndarray
    active: float
    triplets: int
    positive_distance: float
    negative_distance: float


def _distance(x, i, j, distance):
    difference = x[i] - x[j]
    squared = float((difference**2).sum())
    if distance == "squared":
        return squared, 2 * difference
    root = math.sqrt(squared)
    return root, difference / root if root > 0 else np.zeros_like(difference)


def _all_triplets(identity):
    n = len(identity)
    for a in range(n):
        for p in range(n):
            if p == a or identity[p] != identity[a]:
                continue
            for k in range(n):
                if identity[k] != identity[a]:
                    yield a, p, k


def _hardest(triplets, value):
    chosen = []
    for a in sorted({t[0] for t in triplets}):
        p = max(sorted({t[1] for t in triplets if t[0] == a}), key=lambda p: value[a, p])
        n = min(sorted({t[2] for t in triplets if t[0] == a}), key=lambda n: value[a, n])
        chosen.append((a, p, n))
    return chosen


def _nearest_beyond(triplets, value):
    chosen = []
    for a, p in sorted({t[:2] for t in triplets}):
        farther = [n for b, q, n in triplets if (b, q) == (a, p) and value[a, n] > value[a, p]]
        if farther:
            chosen.append((a, p, min(farther, key=lambda n: value[a, n])))
    return chosen


def reference(kind, embedding, identity, margin, distance, average) -> Reference:
    x = np.asarray(embedding, dtype=np.float64)
    n = len(x)
    pairs = {(i, j): _distance(x, i, j, distance) for i in range(n) for j in range(n)}
    value = {pair: distance for pair, (distance, _) in pairs.items()}
    everything = list(_all_triplets(identity))
    if kind == "batch_hard":
        triplets = _hardest(everything, value)
    elif kind == "semi_hard":
        triplets = _nearest_beyond(everything, value)
    elif kind == "all_semi_hard":
        triplets = [
            (a, p, k)
            for a, p, k in everything
            if value[a, p] < value[a, k] and value[a, p] - value[a, k] + margin > 0
        ]
    else:
        triplets = everything

    losses, gradient, active = [], np.zeros_like(x), 0
    for a, p, k in triplets:
        gap = value[a, p] - value[a, k]
        if margin == "soft":
            losses.append(max(gap, 0) + math.log1p(math.exp(-abs(gap))))
            weight = 1 / (1 + math.exp(-gap))
            active += 1
        else:
            losses.append(max(gap + margin, 0.0))
            weight = float(gap + margin > 0)
            active += gap + margin > 0
        if weight == 0:
            continue
        positive, negative = pairs[a, p][1], pairs[a, k][1]
        gradient[a] += weight * (positive - negative)
        gradient[p] -= weight * positive
        gradient[k] += weight * negative
    count = max(len(triplets) if average == "valid" else active, 1)

    if kind in ("batch_hard", "semi_hard"):
        near, far = [value[a, p] for a, p, _ in triplets], [value[a, k] for a, _, k in triplets]
    else:
        near = [value[pair] for pair in {(a, p) for a, p, _ in everything}]
        far = [value[pair] for pair in {(a, k) for a, _, k in everything}]
    valid = len(everything) if kind in ("batch_all", "all_semi_hard") else len(triplets)
    return Reference(
        math.fsum(losses) / count,
        gradient / count,
        active / max(valid, 1),
        len(triplets),
        math.fsum(near) / len(near) if near else math.nan,
        math.fsum(far) / len(far) if far else math.nan,
    )
