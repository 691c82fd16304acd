"""Drawn sets of annotated faces, and of detections near and far from them."""

import numpy as np


def boxes_of(draw, count, size=60.0):
    corner = draw.uniform(0, 200, (count, 2))
    return np.concatenate([corner, corner + draw.uniform(4, size, (count, 2))], axis=1)


def drawn_set(seed, images=12, decimals=6):
    """Boxes, scores, faces and ignored of some images; few decimals make equal scores."""
    draw = np.random.default_rng(seed)
    boxes, scores, faces, ignored = [], [], [], []
    for _ in range(images):
        face = boxes_of(draw, draw.integers(0, 7))
        near = np.repeat(face, draw.integers(0, 3, len(face)), axis=0)
        near = near + draw.normal(0, 3, near.shape)
        near = np.concatenate([np.minimum(near[:, :2], near[:, 2:]), np.maximum(near[:, :2], near[:, 2:])], 1)
        found = np.concatenate([near, boxes_of(draw, draw.integers(0, 4))])
        boxes.append(found[draw.permutation(len(found))])
        scores.append(np.round(draw.random(len(found)), decimals))
        faces.append(face)
        ignored.append(draw.random(len(face)) < 0.3)
    return boxes, scores, faces, ignored
