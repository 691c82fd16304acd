from typing import NamedTuple

import numpy as np
import pytest
from detection_sets import drawn_set
from numpy.typing import ArrayLike

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import (
    checked_images,
    cumulative_errors,
    detection_metrics,
    evaluate_average_precision,
    landmark_errors,
    match,
)

LOW, MIDDLE, TALL, TINY, FAR = (
    [0, 0, 10, 12],
    [30, 0, 50, 20],
    [60, 0, 120, 80],
    [0, 90, 4, 96],
    [150, 150, 190, 190],
)
NAMES = [
    "detection/ap",
    "detection/precision",
    "detection/recall",
    "detection/recall@8-16",
    "detection/recall@16-32",
    "detection/recall@32-64",
    "detection/recall@64+",
]


class Found(NamedTuple):
    boxes: ArrayLike
    scores: ArrayLike
    points: ArrayLike


class Annotated(NamedTuple):
    boxes: ArrayLike
    points: ArrayLike
    ignored: ArrayLike


def points_in(boxes):
    """Five points in each box, eyes first, where a face has them."""
    boxes = np.asarray(boxes, dtype=float).reshape(-1, 4)
    at = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    return boxes[:, None, :2] + at * (boxes[:, None, 2:] - boxes[:, None, :2])


def drawn_lists(seed, images=12, decimals=6):
    boxes, scores, faces, ignored = drawn_set(seed, images, decimals)
    draw = np.random.default_rng(seed + 100)
    found = [Found(b, s, points_in(b)) for b, s in zip(boxes, scores, strict=True)]
    annotated = []
    for box, out in zip(faces, ignored, strict=True):
        points = points_in(box)
        points[draw.random(len(points)) < 0.2] = np.nan
        points[draw.random(points.shape[:2]) < 0.1] = np.nan
        annotated.append(Annotated(box, points, out))
    return found, annotated


def slow_metrics(found, annotated, threshold, least):
    """One detection after another, in plain loops: precision, recall, recall of 16 to 32 pixels, errors by box."""
    right, entered, faces, hits, errors = 0, 0, [], [], []
    for one, there in zip(found, annotated, strict=True):
        claimed = set()
        for place in np.argsort(-np.asarray(one.scores), kind="stable"):
            box = one.boxes[place]
            shares = [0.0]
            for face in there.boxes:
                wide = max(0, min(box[2], face[2]) - max(box[0], face[0]))
                high = max(0, min(box[3], face[3]) - max(box[1], face[1]))
                both = (box[2] - box[0]) * (box[3] - box[1]) + (face[2] - face[0]) * (face[3] - face[1])
                shares.append(wide * high / (both - wide * high))
            best = int(np.argmax(shares)) - 1
            close = shares[best + 1] >= 0.5
            if close and (there.ignored[best] or there.boxes[best][3] - there.boxes[best][1] < least):
                continue
            first = close and best not in claimed
            if first:
                claimed.add(best)
            if one.scores[place] < threshold:
                continue
            entered += 1
            right += first
            if first:
                hits.append((id(there), best))
                apart = [
                    np.hypot(*(a - b)) for a, b in zip(one.points[place], there.points[best], strict=True)
                ]
                known = [value for value in apart if not np.isnan(value)]
                size = np.sqrt(np.prod(there.boxes[best][2:] - there.boxes[best][:2]))
                if known:
                    errors.append(sum(known) / len(known) / size)
        faces += [
            (face[3] - face[1], (id(there), number))
            for number, face in enumerate(there.boxes)
            if not there.ignored[number] and face[3] - face[1] >= least
        ]
    recall = [key in hits for _, key in faces]
    band = [key in hits for height, key in faces if 16 <= height < 32]
    return right / entered, np.mean(recall), np.mean(band), np.mean(errors), len(errors)


def test_worked_by_hand():
    found = [
        Found([FAR, LOW, MIDDLE, TINY], [0.9, 0.8, 0.4, 0.95], np.full((4, 5, 2), np.nan)),
        Found([TALL], [0.7], np.full((1, 5, 2), np.nan)),
    ]
    faces = [
        Annotated([LOW, MIDDLE, TINY], np.full((3, 5, 2), np.nan), [False] * 3),
        Annotated([TALL, MIDDLE], np.full((2, 5, 2), np.nan), [False] * 2),
    ]
    measured = detection_metrics(found, faces, resamples=50)
    assert list(measured) == NAMES
    # TINY is lower than 8 pixels: neither a face to be found nor a false positive.
    assert measured["detection/precision"][:2] == (pytest.approx(2 / 3), 3)
    assert measured["detection/recall"][:2] == (pytest.approx(2 / 4), 4)
    assert [measured[name].value for name in NAMES[3:]] == pytest.approx([1, 0, np.nan, 1], nan_ok=True)
    assert [measured[name].count for name in NAMES[3:]] == [1, 2, 0, 1]
    # By falling score: wrong, found, found, found; the best precision further on counts, 3/4 over 3 of 4 faces.
    assert measured["detection/ap"][:2] == (pytest.approx(9 / 16), 4)
    assert measured["detection/recall@32-64"].low is None
    low = detection_metrics(found, faces, threshold=0.3, bands=(0, 100), resamples=2)
    assert list(low) == [*NAMES[:3], "detection/recall@0-100"]
    assert low["detection/precision"][:2] == (pytest.approx(4 / 5), 5)
    assert low["detection/recall"][:2] == low["detection/recall@0-100"][:2] == (pytest.approx(4 / 5), 5)


@pytest.mark.parametrize("threshold", [0.0, 0.6])
@pytest.mark.parametrize("seed", range(3))
def test_equals_plain_loops(seed, threshold):
    found, faces = drawn_lists(seed)
    measured = detection_metrics(found, faces, threshold=threshold, bands=(12, 16, 32, np.inf), resamples=2)
    precision, recall, band, by_box, known = slow_metrics(found, faces, threshold, 12)
    assert measured["detection/precision"].value == pytest.approx(precision)
    assert measured["detection/recall"].value == pytest.approx(recall)
    assert measured["detection/recall@16-32"].value == pytest.approx(band)
    assert measured["landmarks/nme_box"][:2] == (pytest.approx(by_box), known)
    lists = ([one.boxes for one in found], [one.scores for one in found])
    area = evaluate_average_precision(
        *lists, [one.boxes for one in faces], [one.ignored for one in faces], least_height=12, resamples=2
    )
    assert measured["detection/ap"] == area


def test_the_interval_of_precision_equals_a_loop_over_repeated_images():
    found, faces = drawn_lists(4)
    measured = detection_metrics(found, faces, threshold=0.3, bands=(0, np.inf), resamples=40, seed=9)
    images = checked_images(
        [one.boxes for one in found],
        [one.scores for one in found],
        [one.boxes for one in faces],
        [one.ignored for one in faces],
    )
    verdicts = [match(one).verdict[one.scores >= 0.3] for one in images]
    verdicts = [kept for one in verdicts if len(kept := one[one >= 0])]
    values = [
        np.concatenate([verdicts[i] for i in np.repeat(range(len(c)), c)]).mean()
        for c in np.concatenate(list(draws(len(verdicts), 40, 9, 40)), axis=1).T.astype(int)
    ]
    assert measured["detection/precision"][2:] == pytest.approx(np.percentile(values, (2.5, 97.5)))


def test_points_are_measured_by_both_sizes_wherever_their_detection_stands():
    """MIDDLE is 20 pixels wide and high, its eyes 8 apart; TALL 60 by 80, its eyes 24 apart."""
    away = points_in([MIDDLE, TALL]) + np.array([[[0.8, 0.0]], [[0.0, -4.8]]])
    found = [Found([TALL, MIDDLE, FAR], [0.6, 0.9, 0.95], np.concatenate([away[[1, 0]], points_in([FAR])]))]
    faces = [Annotated([MIDDLE, TALL], points_in([MIDDLE, TALL]), [False, False])]
    errors = landmark_errors(found, faces)
    assert errors.by_eyes == pytest.approx([0.1, 0.2])  # highest score first
    assert errors.by_box == pytest.approx([0.8 / 20, 4.8 / np.sqrt(4800)])
    assert errors.image.tolist() == [0, 0]
    measured = detection_metrics(found, faces, resamples=2)
    assert list(measured) == [
        *NAMES,
        *(f"landmarks/{name}" for name in ("nme", "failure@0.1", "auc@0.1", "nme_box")),
    ]
    assert measured["landmarks/nme"][:2] == (pytest.approx(0.15), 2)
    assert cumulative_errors(errors.by_eyes, errors.image, [0.15, 0.3]).share.tolist() == [0.5, 1]
    assert landmark_errors(found, faces, threshold=0.7).by_eyes == pytest.approx([0.1])
    assert landmark_errors(found, faces, least_height=30).by_eyes == pytest.approx([0.2])


def test_a_face_whose_points_are_unknown_or_not_found_has_no_error():
    profile = points_in([TALL])
    profile[0, 1] = profile[0, 0]  # one eye behind the other
    lost = points_in([MIDDLE])
    lost[0, 4] = np.nan
    found = [Found([MIDDLE], [0.9], lost), Found([TALL], [0.9], points_in([TALL]))]
    faces = [
        Annotated([MIDDLE], points_in([MIDDLE]), [False]),
        Annotated([TALL], profile, [False]),
    ]
    errors = landmark_errors(found, faces)
    assert np.isnan(errors.by_eyes).tolist() == [True, True]
    assert np.isnan(errors.by_box).tolist() == [True, False]
    measured = detection_metrics(found, faces, resamples=2)
    assert measured["landmarks/nme_box"].count == 1
    assert measured["landmarks/nme"].count == 0
    part = points_in([MIDDLE])
    part[0, 4] = np.nan  # what isn't annotated need not be found
    assert landmark_errors(found[:1], [faces[0]._replace(points=part)]).by_eyes == pytest.approx([0])


def test_sets_without_detections_or_faces():
    none = Found(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))
    face = Annotated([TALL], points_in([TALL]), [False])
    empty = Annotated(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0, dtype=bool))
    nothing = detection_metrics([none, none], [face, empty], resamples=5)
    assert list(nothing) == NAMES
    assert nothing["detection/ap"][:2] == nothing["detection/recall"][:2] == (0, 1)
    assert nothing["detection/precision"].count == 0
    assert np.isnan(nothing["detection/precision"].value)
    no_face = detection_metrics([Found([TALL], [0.9], points_in([TALL]))], [empty], resamples=5)
    assert no_face["detection/precision"][:2] == (0, 1)
    assert np.isnan(no_face["detection/ap"].value)


def test_what_cannot_be_measured_is_refused():
    found, face = Found([TALL], [0.9], points_in([TALL])), Annotated([TALL], points_in([TALL]), [False])
    with pytest.raises(ValueError, match="at least one image"):
        detection_metrics([], [])
    with pytest.raises(ValueError, match="`boxes` are of 2 images, but `faces` of 1"):
        detection_metrics([found, found], [face])
    with pytest.raises(ValueError, match="bands="):
        detection_metrics([found], [face], bands=(8,))
    with pytest.raises(ValueError, match="bands="):
        detection_metrics([found], [face], bands=(16, 8))
    with pytest.raises(ValueError, match="bands="):
        detection_metrics([found], [face], bands=(-8, 8))
    with pytest.raises(ValueError, match=r"points of image 0 .* but are \(1, 3, 2\) and \(1, 5, 2\)"):
        detection_metrics([found._replace(points=points_in([TALL])[:, :3])], [face])
